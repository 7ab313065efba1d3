// Convolutions with a window of several pixels, of all channels, on generated kernels.
#pragma once

#include <cstdint>

#include "kernels/conv/conv.h"
#include "kernels/conv/jit.h"
#include "kernels/linear/pack.h"
#include "kernels/parallel.h"

namespace stoker::kernels::conv {

// Channels of a pixel as the weight is packed: whole k-steps, with zeros behind the real ones.
int64_t padded_channels(const ConvProblem& problem, jit::GemmMath math) noexcept;

// For Window::kSpatial and the maths kF32, kBf16Wide and kF16; images that are not in rows are
// brought to rows and back (turn.h), and `finish` has what fused_part() leaves of the epilogue. `w`
// is packed by linear::pack() in the layout of isa and math, from the matrix [outputs, taps x
// padded_channels()]. Zeros around X are multiplied now and then: the weight must be finite.
// True when done. False, with Y undefined, when a kernel cannot be generated or scratch memory is
// not to be had. One order of summation per element: the result depends neither on the images nor
// on threads.
bool run_spatial(const ConvProblem& problem, const Operands& operands, const Finish& finish,
                 const JitOptions& options, const Parallel& parallel) noexcept;

}  // namespace stoker::kernels::conv
