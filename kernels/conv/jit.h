// Convolutions with a window of one pixel on generated kernels.
#pragma once

#include <cstdint>

#include "jit/gen/gemm.h"
#include "kernels/conv/conv.h"
#include "kernels/parallel.h"

namespace stoker::kernels::conv {

struct JitOptions {
  jit::Isa isa;
  jit::GemmMath math;
  int64_t l2_bytes;  // of one core: what blocks are cut for
};

// What happens to Y before it is stored; sums and epilogue are fp32.
struct Finish {
  jit::Epilogue epilogue = {};  // with no more than fused_part() gives
  const void* other = nullptr;  // lies as Y; epilogue.other says the type
};

// The part of `epilogue` that run_jit() computes for `problem`; the rest is what is left of its
// activation and of its combination, in that order unless the combination comes first.
jit::Epilogue fused_part(const ConvProblem& problem, const jit::Epilogue& epilogue) noexcept;

// For Window::kPoint and kStrided. `w` is the weight [outputs, channels], without gaps; where
// problem.packs_weight() it is packed, by linear::pack() in the layout of isa and math. True when
// done. False, with Y undefined, when a kernel cannot be generated or scratch memory is not to be
// had. One order of summation per element: the result depends neither on the images nor on threads.
bool run_jit(const ConvProblem& problem, const Operands& operands, const Finish& finish,
             const JitOptions& options, const Parallel& parallel) noexcept;

}  // namespace stoker::kernels::conv
