// Convolutions of one to three dimensions:
// Y[i, o, p] = sum over c, t of X[i, c, p * stride + t * dilation - padding] W[o, c, t] (+
// bias[o]), with c over the channels of o's group, t over the window and zeros around X.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/problem.h"

namespace stoker::kernels::conv {

using Extent = std::array<int64_t, 3>;  // depth, height, width; 1 where there is no such dimension

struct ConvProblem {
  int64_t images = 1;
  int64_t channels = 0, outputs = 0;  // of all groups
  int64_t groups = 1;
  Extent size{1, 1, 1};  // of an image
  Extent kernel{1, 1, 1}, stride{1, 1, 1}, padding{0, 0, 0}, dilation{1, 1, 1};
  // The other way round, Window::kTransposed: for libraries; reference() and run_jit() do not know
  // it.
  bool transposed = false;
  Extent output_padding{0, 0, 0};  // of a transposed one
  bool channels_last = false;  // X and Y lie [image, pixel, channel], else [image, channel, pixel]
  bool has_bias = false;
  bool only_packed =
      false;  // W exists in no other form: packing changes its values, as folding does
  DataType input = DataType::kFloat32;     // of X
  DataType multiply = DataType::kFloat32;  // what X and W are rounded to; sums are fp32
  DataType output = DataType::kFloat32;    // of Y

  // Pixels of the result along one dimension; may be negative where the window does not fit.
  int64_t out(size_t dimension) const noexcept {
    const int64_t covered = dilation[dimension] * (kernel[dimension] - 1) + 1;
    if (transposed) {
      return (size[dimension] - 1) * stride[dimension] + covered - 2 * padding[dimension] +
             output_padding[dimension];
    }
    const int64_t room = size[dimension] + 2 * padding[dimension] - covered;
    return room < 0 ? room : room / stride[dimension] + 1;
  }
  // Of an image of X, of an image of Y, of the window.
  int64_t input_pixels() const noexcept { return size[0] * size[1] * size[2]; }
  int64_t pixels() const noexcept { return out(0) * out(1) * out(2); }
  int64_t taps() const noexcept { return kernel[0] * kernel[1] * kernel[2]; }

  Window window() const noexcept;
  // Is a pixel's row of channels in one piece? With one pixel in an image it always is.
  bool in_rows() const noexcept { return channels_last || (input_pixels() == 1 && pixels() == 1); }
  // Is the weight packed? That of one pixel is not where it is multiplied with an image that lies
  // [channel, pixel] and is wide enough for that. Of 49 and 196 pixels a product with packed
  // weights makes up for bringing the image to rows and back: 1.1-2x on Zen 3 with 256 to 2048
  // channels. From 784 pixels on both ways were within 10 %.
  bool packs_weight() const noexcept {
    const bool one_pixel = window() == Window::kPoint || window() == Window::kStrided;
    return !one_pixel || in_rows() || pixels() <= 256 || only_packed;
  }
  // The input of select().
  MatmulProblem product() const noexcept;
};

struct Operands {
  const void* x;
  const void* w;     // see who takes it
  const void* bias;  // [outputs] or null
  void* y;           // overlaps no operand
  DataType w_type = DataType::kFloat32, bias_type = DataType::kFloat32;
};

// The reference twin: plain loops, double accumulation, one rounding; `w` is [outputs, channels of
// a group, taps]. It defines the semantics: NaN and Inf propagate by IEEE arithmetic, and the zeros
// around X are not multiplied.
void reference(const ConvProblem& problem, const Operands& operands) noexcept;

}  // namespace stoker::kernels::conv
