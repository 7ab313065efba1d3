// Depthwise convolutions on generated kernels.
#pragma once

#include <cstdint>

#include "kernels/conv/jit.h"

namespace stoker::kernels::conv {

// The weight of Window::kDepthwise as the kernels of `isa` read it: [block][tap][channel of the
// block], in fp32. The last block ends with the last channel and overlaps its neighbour.
struct DepthwiseLayout {
  int64_t block;   // channels of one
  int64_t blocks;  // of them
  int64_t taps, channels;
  jit::Isa isa;  // of the kernels: AVX2 where the channels do not fill a vector of AVX-512

  static DepthwiseLayout of(jit::Isa isa, const ConvProblem& problem) noexcept;

  int64_t first_channel(int64_t index) const noexcept {
    return index + 1 < blocks ? index * block : channels - block;
  }
  int64_t block_bytes() const noexcept { return block * taps * 4; }
  int64_t bytes() const noexcept { return blocks * block_bytes(); }
  // `weight` is [channels, taps] in fp32, already rounded where the product rounds it.
  void pack(const float* weight, float* packed) const noexcept;
};

// Channels below which there is no kernel.
constexpr int64_t kDepthwiseChannels = 8;
// Taps above which there is none: the lines under a window are kept on the stack, and larger
// windows were not measured.
constexpr int64_t kDepthwiseTaps = 64;

// For Window::kDepthwise, of which input, multiply and output are one type; images that are not in
// rows are brought to rows and back (turn.h), and `finish` has what fused_part() leaves of the
// epilogue. `w` is packed. True when done. False, with Y undefined, when the window is too large
// for a kernel, one cannot be generated or scratch memory is not to be had. One order of summation
// per element.
bool run_depthwise(const ConvProblem& problem, const Operands& operands, const Finish& finish,
                   jit::Isa isa, const Parallel& parallel) noexcept;

}  // namespace stoker::kernels::conv
