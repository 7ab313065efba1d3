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

// A region in which `row` won by more than the noise of the measurement (the next rule of the same
// row is another region). Bounds are inclusive.
struct Rule {
  std::string row;
  int64_t min_m, max_m;
  int64_t min_weight, max_weight;  // elements of the weight, N * K
  int64_t min_macs;                // batch * M * N * K
  int64_t rows_before_pack;        // sum of M to see with a weight before a pack pays for itself
  // Of batched products and convolutions only:
  int64_t min_n = 0, max_n = std::numeric_limits<int64_t>::max();
  int64_t min_k = 0, max_k = std::numeric_limits<int64_t>::max();
  std::optional<Order> order = {};
  Window window = Window::kNone;  // of convolutions, whose batch are images:
  int64_t min_batch = 0, max_batch = std::numeric_limits<int64_t>::max();
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
  std::vector<Rule> rules;
  std::optional<jit::Isa> isa = {};  // only for CPUs with just that: stock uses what the CPU has

  // The rule by which `row` beats stock on `problem`, or null.
  const Rule* rule(std::string_view row, const MatmulProblem& problem) const noexcept;
};

// One directive a line, '#' starts a comment, '*' means unlimited:
//   family NAME
//   cpu VENDOR FAMILY MODEL...
//   isa NAME
//   rule ROW m MIN MAX weight MIN MAX macs MIN pack ROWS
//   batched ROW b along_k|along_n m MIN MAX n MIN MAX k MIN MAX macs MIN
//   conv ROW point|strided|spatial|grouped|depthwise first|last images MIN MAX pixels MIN MAX
//     outputs MIN MAX macs MIN pack PIXELS                  (one line; last: channels last)
// Throws std::invalid_argument with the number of the offending line and what was expected.
Calibration parse_calibration(std::string_view text);

// The shipped calibration of that CPU, or the conservative prior where it was never measured: the
// one for its ISA before the general one.
const Calibration& calibration_for(const jit::CpuInfo& cpu);

}  // namespace stoker::kernels
