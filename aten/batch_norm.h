// A batch norm in eval mode, as operators of ours are given one: a list of its tensors, and eps.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/function_schema.h>

#include <string>

namespace stoker::aten {

struct BatchNorm {
  // [channels], without gaps; weight and bias may be null.
  const at::Tensor *weight = nullptr, *bias = nullptr;
  const at::Tensor *mean = nullptr, *var = nullptr;
  double eps = 0;
};

// As arguments say it; none: no tensors.
struct NormArgument {
  at::TensorList tensors;
  double eps = 0;

  bool given() const { return !tensors.empty(); }
};

// The schema of an operator whose arguments `norm` and `input_norm` are lists of such tensors, none
// by default.
c10::FunctionSchema schema_with_norms(const std::string& schema);

// Throws where `norm` is neither none, nor mean and variance, nor weight, bias, mean and variance.
void check_batch_norm(const char* op, at::TensorList norm);

// From weight, bias, mean and variance, or the last two. Null, or why not.
const char* read_batch_norm(BatchNorm& norm, const NormArgument& argument, int64_t channels);

// What torch's operators make of `x` [n, channels, ...]; itself where there is no norm.
at::Tensor stock_batch_norm(const at::Tensor& x, const NormArgument& norm);
at::Tensor stock_batch_norm(const at::Tensor& x, const BatchNorm& norm);

// The same of the last dimension, whatever their number.
at::Tensor stock_norm_of_columns(const at::Tensor& x, const NormArgument& norm);
at::Tensor stock_norm_of_columns(const at::Tensor& x, const BatchNorm& norm);

}  // namespace stoker::aten
