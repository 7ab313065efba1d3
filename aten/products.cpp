#include "aten/products.h"

#include "aten/torch_private.h"

namespace stoker::aten {

const char* type_of(const at::Tensor& tensor, kernels::DataType& type) noexcept {
  switch (tensor.scalar_type()) {
    case at::kFloat:
      type = kernels::DataType::kFloat32;
      return nullptr;
    case at::kBFloat16:
      type = kernels::DataType::kBFloat16;
      return nullptr;
    default:
      return "dtype is neither float32 nor bfloat16";
  }
}

const char* weight_source(const at::Tensor& matrix, bool transposed, Source& source) {
  const int row = transposed ? 1 : 0;
  const int col = 1 - row;
  source.tensor = &matrix;
  source.rows = matrix.size(row);
  source.cols = matrix.size(col);
  source.row_stride = matrix.stride(row);
  source.col_stride = matrix.stride(col);
  const bool rows_dense = source.col_stride == 1 && source.row_stride == source.cols;
  const bool cols_dense = source.row_stride == 1 && source.col_stride == source.rows;
  if (!rows_dense && !cols_dense) return "weight is not one dense matrix";
  // A tracked view keeps its base alive, so both hold the memory. A view without a Python object is
  // a temporary of C++ code (the C++ frontend, multi-head attention).
  const bool temporary = !torch_private::has_python_object(matrix);
  source.own_views = matrix.is_view() || temporary ? 1 : 0;
  return nullptr;
}

const char* complete_product(WeightProduct& product, const at::Tensor& input,
                             const at::Tensor& bias) {
  kernels::MatmulProblem& problem = product.problem;
  if (const char* why = type_of(input, problem.input)) return why;
  problem.multiply = problem.output = problem.input;
  if (product.weight.tensor->scalar_type() != input.scalar_type()) return "dtypes differ";
  problem.n = product.weight.rows;
  problem.k = product.weight.cols;
  if (input.size(-1) != problem.k) return "sizes do not match";
  if (input.numel() == 0 || problem.n == 0) return "an operand is empty";
  if (!input.is_contiguous()) return "input is not contiguous";
  problem.m = input.numel() / problem.k;
  problem.has_bias = bias.defined();
  product.input = &input;
  if (!bias.defined()) return nullptr;
  if (bias.scalar_type() != input.scalar_type()) return "dtypes differ";
  if (bias.dim() != 1 || bias.size(0) != problem.n || !bias.is_contiguous()) {
    return "bias is not a vector of the output size";
  }
  product.bias = &bias;
  return nullptr;
}

}  // namespace stoker::aten
