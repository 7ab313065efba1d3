// What a matrix product asks for, free of torch: the input of select().
#pragma once

#include <cstdint>

#include "jit/phases/epilogue.h"

namespace stoker::kernels {

enum class DataType : uint8_t { kFloat32, kBFloat16, kFloat16 };

constexpr int64_t size_of(DataType type) { return type == DataType::kFloat32 ? 4 : 2; }

// The same as the generated code calls it.
constexpr jit::Element element_of(DataType type) {
  if (type == DataType::kFloat32) return jit::Element::kF32;
  return type == DataType::kFloat16 ? jit::Element::kF16 : jit::Element::kBf16;
}

// Along which index B is contiguous: what packing it on the fly costs. Of a weight, which is packed
// ahead, it does not matter.
enum class Order : uint8_t { kAlongK, kAlongN };

// What a convolution gathers of its input for one output; kNone: not a convolution.
enum class Window : uint8_t {
  kNone,
  kPoint,       // one pixel, each pixel once: a plain product
  kStrided,     // one pixel of every few
  kSpatial,     // several pixels
  kGrouped,     // of the channels of its group only
  kDepthwise,   // of one channel, each for one output
  kTransposed,  // the other way round: each pixel of the input adds a window to the result
};

// C[M,N] (+ bias[N]) = A[M,K] x B[K,N], `batch` times. B is a weight when it may be packed ahead.
struct MatmulProblem {
  int64_t m = 0;
  int64_t n = 0;
  int64_t k = 0;
  int64_t batch = 1;
  DataType input = DataType::kFloat32;     // of A
  DataType multiply = DataType::kFloat32;  // what the operands are rounded to; sums are fp32
  DataType output = DataType::kFloat32;    // of C
  bool has_bias = false;
  bool has_epilogue = false;  // more than a bias happens to C before it is stored

  bool batched = false;  // B is no weight: bmm, baddbmm
  Order order = Order::kAlongK;

  // A convolution as the product it comes to: `batch` images of `m` pixels, `n` outputs of all
  // groups, `k` values under the window; kAlongK: channels last, kAlongN: channels first.
  Window window = Window::kNone;
};

}  // namespace stoker::kernels
