// In which type operands are multiplied: the one place that weighs the process's mode, torch's
// precision switches, the user's autocast and whether a module in eval mode is running.
#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>

#include "kernels/problem.h"

namespace stoker::aten {

// What `stoker run --dtype` or set_dtype() asked for. bf16 applies below a module in eval mode
// only, and never to what autograd records or runs (the gate sees to that).
inline std::atomic<kernels::DataType> process_dtype{kernels::DataType::kFloat32};

// Calls of modules in eval mode that are running on this thread; the module hook counts them.
inline thread_local int eval_depth __attribute__((tls_model("initial-exec"))) = 0;

// True when fp32 operands are to be rounded to bf16 here and now.
inline bool bf16_mode() noexcept {
  return eval_depth > 0 &&
         process_dtype.load(std::memory_order_relaxed) == kernels::DataType::kBFloat16;
}

inline bool has_data_type(c10::ScalarType type) noexcept {
  return type == at::kFloat || type == at::kBFloat16 || type == at::kHalf;
}

// Of a type for which has_data_type() holds.
inline kernels::DataType data_type(c10::ScalarType type) noexcept {
  if (type == at::kFloat) return kernels::DataType::kFloat32;
  return type == at::kHalf ? kernels::DataType::kFloat16 : kernels::DataType::kBFloat16;
}
inline kernels::DataType data_type(const at::Tensor& tensor) {
  return data_type(tensor.scalar_type());
}

inline c10::ScalarType scalar_type(kernels::DataType type) {
  if (type == kernels::DataType::kFloat32) return at::kFloat;
  return type == kernels::DataType::kFloat16 ? at::kHalf : at::kBFloat16;
}

struct ComputeType {
  kernels::DataType multiply = kernels::DataType::kFloat32;
  kernels::DataType output = kernels::DataType::kFloat32;
  const char* declined = nullptr;
};

// For operands of these types; `autocast`: the operator was reached through AutocastCPU, which
// gives its result in the region's type.
ComputeType compute_type(c10::ScalarType input, c10::ScalarType weight, bool autocast);

// The same for operators of graphs, which take a bf16 input beside an fp32 weight: in bf16 mode the
// one is rounded already and the other is to be.
ComputeType graph_compute_type(c10::ScalarType input, c10::ScalarType weight);

// What such an operator means by that input: its product in the weight's type, which loses nothing.
at::Tensor as_wide_as(const at::Tensor& weight, const at::Tensor& input);

// Null, or the switch of torch that keeps fp32 products with stock. May throw, when torch finds its
// precision settings contradictory.
const char* precision_switches();

// The same of fp32 convolutions, which have a switch of their own beside the common one.
const char* convolution_precision();

}  // namespace stoker::aten
