#include "kernels/conv/conv.h"

namespace stoker::kernels::conv {

Window ConvProblem::window() const noexcept {
  if (transposed) return Window::kTransposed;
  if (groups > 1) {
    return groups == channels && groups == outputs ? Window::kDepthwise : Window::kGrouped;
  }
  if (taps() != 1 || padding != Extent{0, 0, 0}) return Window::kSpatial;
  return stride == Extent{1, 1, 1} || input_pixels() == 1 ? Window::kPoint : Window::kStrided;
}

MatmulProblem ConvProblem::product() const noexcept {
  // A transposed one multiplies every pixel of the input with a whole window.
  return {.m = transposed ? input_pixels() : pixels(),
          .n = outputs,
          .k = channels / groups * taps(),
          .batch = images,
          .input = input,
          .multiply = multiply,
          .output = output,
          .has_bias = has_bias,
          .order = in_rows() ? Order::kAlongK : Order::kAlongN,
          .window = window()};
}

}  // namespace stoker::kernels::conv
