#include "aten/batch_norm.h"

#include <ATen/ops/batch_norm.h>
#include <torch/csrc/jit/frontend/function_schema_parser.h>

#include "aten/numerics.h"

namespace stoker::aten {
namespace {

BatchNorm batch_norm_of(const NormArgument& argument) {
  const at::TensorList tensors = argument.tensors;
  const bool affine = tensors.size() == 4;
  return {.weight = affine ? &tensors[0] : nullptr,
          .bias = affine ? &tensors[1] : nullptr,
          .mean = &tensors[tensors.size() - 2],
          .var = &tensors[tensors.size() - 1],
          .eps = argument.eps};
}

}  // namespace

// torch's parser knows no default for a list of tensors, its schemas do.
c10::FunctionSchema schema_with_norms(const std::string& text) {
  const c10::FunctionSchema schema = torch::jit::parseSchema(text);
  std::vector<c10::Argument> arguments = schema.arguments();
  for (c10::Argument& argument : arguments) {
    if (argument.name() != "norm" && argument.name() != "input_norm") continue;
    argument = c10::Argument(argument.name(), argument.type(), std::nullopt,
                             c10::List<at::Tensor>(), /*kwarg_only=*/true);
  }
  return schema.cloneWithArguments(std::move(arguments));
}

void check_batch_norm(const char* op, at::TensorList norm) {
  TORCH_CHECK(norm.empty() || norm.size() == 2 || norm.size() == 4, op,
              ": expected no norm, or its mean and variance, or its weight, "
              "bias, mean and variance, got ",
              norm.size(), " tensors");
}

const char* read_batch_norm(BatchNorm& norm, const NormArgument& argument, int64_t channels) {
  const at::TensorList tensors = argument.tensors;
  if (tensors.size() != 2 && tensors.size() != 4) return "a norm has two tensors or four";
  for (const at::Tensor& tensor : tensors) {
    if (!has_data_type(tensor.scalar_type())) return "dtype is not float32, bfloat16 or float16";
    if (tensor.dim() != 1 || tensor.size(0) != channels || !tensor.is_contiguous()) {
      return "a tensor of the norm is not a vector of the size of what it normalizes";
    }
  }
  norm = batch_norm_of(argument);
  return nullptr;
}

at::Tensor stock_batch_norm(const at::Tensor& x, const NormArgument& norm) {
  return norm.given() ? stock_batch_norm(x, batch_norm_of(norm)) : x;
}

at::Tensor stock_batch_norm(const at::Tensor& x, const BatchNorm& norm) {
  const std::optional<at::Tensor> none;
  return at::batch_norm(x, norm.weight ? *norm.weight : none, norm.bias ? *norm.bias : none,
                        *norm.mean, *norm.var, /*training=*/false,
                        /*momentum=*/0, norm.eps, /*cudnn_enabled=*/false);
}

at::Tensor stock_norm_of_columns(const at::Tensor& x, const NormArgument& norm) {
  return norm.given() ? stock_norm_of_columns(x, batch_norm_of(norm)) : x;
}

at::Tensor stock_norm_of_columns(const at::Tensor& x, const BatchNorm& norm) {
  return stock_batch_norm(x.reshape({-1, x.size(-1)}), norm).view_as(x);
}

}  // namespace stoker::aten
