// Where a row was measured faster than stock PyTorch, per CPU family: data files, shipped inside
// the library (kernels/calibration/*.txt) or written by `stoker calibrate` on the machine itself.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jit/isa.h"
#include "kernels/problem.h"

namespace stoker::kernels {

// Why no row is chosen where some could compute the problem.
inline constexpr const char* kUnprofitable =
    "unprofitable: not measured faster than stock at this size on this CPU";

// A region in which `row` won by more than the noise of the measurement (the next rule of the same
// row is another region). Bounds are inclusive.
struct Rule {
  std::string row;
  int64_t min_m, max_m;
  int64_t min_weight, max_weight;  // elements of the weight, N * K
  int64_t min_macs;                // batch * M * N * K
  int64_t rows_before_pack;        // sum of M to see with a weight before a pack pays for itself
  int64_t min_k = 0, max_k = std::numeric_limits<int64_t>::max();
  // Of batched products and convolutions only:
  int64_t min_n = 0, max_n = std::numeric_limits<int64_t>::max();
  std::optional<Order> order = {};
  Window window = Window::kNone;  // of convolutions, whose batch are images:
  int64_t min_batch = 0, max_batch = std::numeric_limits<int64_t>::max();
  bool fused = false;  // only of problems with an epilogue, of which stock makes calls of their own
};

// The same for a row of embedding bags.
struct BagRule {
  std::string row, kind;  // kind: embedding_bag::kind_of()
  int64_t min_bags, max_bags;
  int64_t min_length, max_length;  // indices a bag, on average
};

// The same of a recurrent layer or cell: units, sequences, steps (of a cell one).
struct RnnRule {
  std::string row;
  int64_t min_h, max_h, min_b, max_b, min_t, max_t;
  int64_t rows_before_pack;  // sum of steps * sequences
};

// The same for a row of normalizations.
struct NormRule {
  std::string row, kind;  // kind: norm::kind_of()
  int64_t min_rows, max_rows, min_columns, max_columns;
};

// CPUs that a file speaks for; no model means every model of the family.
struct CpuRange {
  std::string vendor;
  int family = 0;
  std::vector<int> models;

  bool contains(const jit::CpuInfo& cpu) const noexcept;
};

struct Calibration {
  std::string family;  // what was measured, for status()
  std::vector<CpuRange> cpus;
  std::vector<Rule> rules;   // of products with a weight
  int64_t least_weight = 0;  // no rule of those takes a smaller one
  std::vector<Rule> batched_rules = {};
  std::vector<Rule> conv_rules = {};
  std::vector<BagRule> bag_rules = {};
  std::vector<RnnRule> rnn_rules = {};
  std::vector<NormRule> norm_rules = {};
  std::optional<jit::Isa> isa = {};  // only for CPUs with just that: stock uses what the CPU has

  // The rules of that kind of problem.
  const std::vector<Rule>& rules_for(const MatmulProblem& problem) const noexcept;

  // The rule by which `row` beats stock on `problem`, or null.
  const Rule* rule(std::string_view row, const MatmulProblem& problem) const noexcept;

  // Is `row` faster than stock on `bags` bags of that kind with `count` indices in all?
  bool bags(std::string_view row, std::string_view kind, int64_t bags,
            int64_t count) const noexcept;

  // Is `row` faster than stock on so many rows of so many columns?
  bool norms(std::string_view row, std::string_view kind, int64_t rows,
             int64_t columns) const noexcept;

  // Takes over what `other` says of the kinds of problems this one says nothing of.
  void complete(const Calibration& other);

  // The rule by which `row` beats stock on a recurrent layer of that size, or null.
  const RnnRule* rnn_rule(std::string_view row, int64_t hidden, int64_t batch,
                          int64_t steps) const noexcept;
};

// One directive a line (here some are broken in two), '#' starts a comment, '*' means unlimited:
//   family NAME
//   cpu VENDOR FAMILY MODEL...
//   isa NAME
//   rule ROW m MIN MAX weight MIN MAX macs MIN pack ROWS [k MIN MAX]
//   batched ROW b along_k|along_n m MIN MAX n MIN MAX k MIN MAX macs MIN
//   bags ROW KIND bags MIN MAX length MIN MAX
//   norm ROW KIND rows MIN MAX columns MIN MAX
//   rnn ROW h MIN MAX b MIN MAX t MIN MAX pack ROWS
//   conv ROW point|strided|spatial|grouped|depthwise|transposed first|last images MIN MAX
//     pixels MIN MAX outputs MIN MAX macs MIN pack PIXELS [k MIN MAX]
//   fused ROW ...: as conv, with a norm, activation or other operand in the same call; where conv
//     rules hold, it is not needed
// Of a convolution: first and last say where its channels lie; pixels are those of one image of the
// result (transposed: of the input), and PIXELS those of all images; outputs are of all groups; k
// is the values under the window, its taps times the channels of a group. Throws
// std::invalid_argument with the number of the offending line and what was expected.
Calibration parse_calibration(std::string_view text);

// The shipped calibration of that CPU, or the conservative prior where it was never measured: the
// one for its ISA before the general one.
const Calibration& calibration_for(const jit::CpuInfo& cpu);

}  // namespace stoker::kernels
