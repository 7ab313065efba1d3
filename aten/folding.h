// Batch norms in eval mode, folded into the convolution or linear layer between them, in double.
// Each is x s + t, with s = weight / sqrt(var + eps) and t = bias - mean s:
//   after it   W' = W s[output],   b' = b s + t
//   before it  W' = W s[channel],  b' = b + sum of W t[channel]
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <span>

#include "aten/batch_norm.h"
#include "aten/packed_weights.h"
#include "aten/row_result.h"
#include "kernels/problem.h"

namespace stoker::aten {

struct Folding {
  std::optional<BatchNorm> before, after;
  // What the columns of the weight's matrix are: channels of a group x taps, or the taps first.
  int64_t groups = 1, taps = 1;
  bool taps_first = false;

  bool empty() const { return !before && !after; }
};

// Reads the norms that are given, for a weight that is multiplied as that type. Null, or why they
// cannot be folded into it.
const char* read_norms(Folding& folding, const NormArgument& after, int64_t outputs,
                       const NormArgument& before, int64_t channels, kernels::DataType multiplied);

// What tells packs of one weight apart by what is folded into them.
void append_identity(PackVariant& variant, const Folding& folding);

using FoldedSources = c10::SmallVector<Source, kMaxSources>;

// What W' is made of: `weight`, then what the norms give.
FoldedSources folded_sources(const Source& weight, const Folding& folding);

// W' in fp32, [outputs, columns], from plain tensors of those sources; undefined where it is not
// finite: stock says what comes of that.
at::Tensor fold_weight(std::span<const at::Tensor> sources, const Folding& folding);

// W, or W' where there is a norm, rounded to the type of the multiplication; undefined, and the
// reason, where that is not finite: rows that multiply zeros around an image, or do not where stock
// does, give other results then.
constexpr const char* kNotFinite = "weight is not finite";
at::Tensor finite_weight(std::span<const at::Tensor> sources, const Folding& folding,
                         at::ScalarType multiplied);

// b' in fp32; `bias` may be null. From the cache, of which the others are as in PackRequest; until
// it may be packed, computed in every call if no weight is needed for it. Refused where it is not
// finite, and where a norm before takes away most of what it is given: with mean / deviation far
// above one, the products of x itself would lose what is left.
Packed folded_bias(const Folding& folding, const Source& weight, const at::Tensor* bias,
                   uint32_t sightings, int64_t rows, int64_t rows_before_pack);

// Runs `problem`, into whose weight run() folds the norms; where the one before cannot be (`folds`:
// may it be tried), on what normalize(input, norm) makes of the input.
template <class Problem, class Run, class Normalize>
RowResult<at::Tensor> run_folded(const Problem& problem, bool folds, const Run& run,
                                 const Normalize& normalize) {
  if (!problem.folding.before) return run(problem);
  if (folds) {
    RowResult<at::Tensor> result = run(problem);
    if (result.declined == nullptr) return result;
  }
  const at::Tensor normalized = normalize(*problem.input, *problem.folding.before);
  Problem rest = problem;
  rest.input = &normalized;
  rest.folding.before.reset();
  return run(rest);
}

}  // namespace stoker::aten
