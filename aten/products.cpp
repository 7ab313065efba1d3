#include "aten/products.h"

#include <ATen/ops/cat.h>

#include "aten/numerics.h"
#include "aten/weight_choice.h"

namespace stoker::aten {
namespace {

constexpr const char* kNoMatrix = "not a matrix product with a matrix weight";

// Completes `product` from input [..., k], weight as [n, k] (set before) and bias (or undefined).
const char* complete_product(WeightProduct& product, const at::Tensor& input,
                             const at::Tensor& bias) {
  const c10::ScalarType weight = product.weights[0].tensor->scalar_type();
  const ComputeType types = product.in_graph
                                ? graph_compute_type(input.scalar_type(), weight)
                                : compute_type(input.scalar_type(), weight, product.autocast);
  if (types.declined != nullptr) return types.declined;
  kernels::MatmulProblem& problem = product.problem;
  problem.input = data_type(input);
  problem.multiply = types.multiply;
  problem.output = types.output;
  problem.n = 0;
  problem.k = product.weights[0].cols;
  for (const Source& weight : product.weights) problem.n += weight.rows;
  const int64_t elements = input.numel();
  if (input.sizes().back() != problem.k) return "sizes do not match";
  if (elements == 0 || problem.n == 0) return "an operand is empty";
  if (!input.is_contiguous()) return "input is not contiguous";
  problem.m = elements / problem.k;
  problem.has_bias = bias.defined();
  product.input = &input;
  if (!bias.defined()) return nullptr;
  const bool mixes =
      product.autocast && (bias.scalar_type() == at::kFloat || bias.scalar_type() == at::kBFloat16);
  const c10::ScalarType expected = product.in_graph ? weight : input.scalar_type();
  if (bias.scalar_type() != expected && !mixes) return "dtypes differ";
  if (bias.dim() != 1 || bias.sizes()[0] != problem.n || !bias.is_contiguous()) {
    return "bias is not a vector of the output size";
  }
  product.bias = &bias;
  return nullptr;
}

const char* product_of(WeightProduct& product, const at::Tensor& input, const at::Tensor& weight,
                       bool transposed, const at::Tensor& bias) {
  if (input.dim() < 2 || weight.dim() != 2) return kNoMatrix;
  if (is_too_small(weight.numel())) return kernels::kUnprofitable;
  if (const char* why = weight_source(weight, transposed, product.weights.emplace_back()))
    return why;
  return complete_product(product, input, bias);
}

const char* add_other(WeightProduct& product, const at::Tensor& other) {
  at::DimVector sizes(product.input->sizes());
  sizes.back() = product.problem.n;
  if (!has_data_type(other.scalar_type())) return "dtype is not float32, bfloat16 or float16";
  if (other.sizes() != at::IntArrayRef(sizes) || !other.is_contiguous()) {
    return "the other operand is not a contiguous tensor of the result's size";
  }
  product.other = &other;
  product.epilogue.other = kernels::element_of(data_type(other));
  return nullptr;
}

const at::Tensor& no_bias() {
  static const at::Tensor none;
  return none;
}

}  // namespace

const char* weight_source(const at::Tensor& matrix, bool transposed, Source& source) {
  const size_t row = transposed ? 1 : 0;
  const size_t col = 1 - row;
  const at::IntArrayRef sizes = matrix.sizes(), strides = matrix.strides();
  source.tensor = &matrix;
  source.rows = sizes[row];
  source.cols = sizes[col];
  source.row_stride = strides[row];
  source.col_stride = strides[col];
  const bool rows_dense = source.col_stride == 1 && source.row_stride == source.cols;
  const bool cols_dense = source.row_stride == 1 && source.col_stride == source.rows;
  if (!rows_dense && !cols_dense) return "weight is not one dense matrix";
  return nullptr;
}

const char* linear_product(WeightProduct& product, const at::Tensor& input,
                           const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
  product.known_weight = true;
  return product_of(product, input, weight, false, bias ? *bias : no_bias());
}

const char* matmul_product(WeightProduct& product, const at::Tensor& a, const at::Tensor& b) {
  return product_of(product, a, b, true, no_bias());
}

const char* mm_product(WeightProduct& product, const at::Tensor& a, const at::Tensor& b) {
  return a.dim() == 2 ? matmul_product(product, a, b) : kNoMatrix;
}

const char* addmm_product(WeightProduct& product, const at::Tensor& self, const at::Tensor& a,
                          const at::Tensor& b, const at::Scalar& beta, const at::Scalar& alpha) {
  if (!beta.equal(1) || !alpha.equal(1)) return "alpha or beta is not 1";
  return a.dim() == 2 ? product_of(product, a, b, true, self) : kNoMatrix;
}

const char* fused_product(WeightProduct& product, const at::Tensor& input, at::TensorList weights,
                          at::TensorList biases, const jit::Epilogue& epilogue,
                          const std::optional<at::Tensor>& other,
                          std::optional<at::ScalarType> dtype) {
  if (weights.size() > kMaxSources) return "more weights than one pack holds";
  product.known_weight = product.in_graph = true;
  for (const at::Tensor& weight : weights) {
    if (input.dim() < 2 || weight.dim() != 2 || weight.size(1) != weights[0].size(1) ||
        weight.scalar_type() != weights[0].scalar_type()) {
      return kNoMatrix;
    }
    if (const char* why = weight_source(weight, false, product.weights.emplace_back())) return why;
  }
  if (!biases.empty()) product.merged_bias = biases.size() == 1 ? biases[0] : at::cat(biases);
  if (const char* why = complete_product(product, input, product.merged_bias)) return why;
  product.epilogue = epilogue;
  product.problem.has_epilogue = !epilogue.empty();
  if (dtype) {
    if (!has_data_type(*dtype)) return "dtype is not float32, bfloat16 or float16";
    product.problem.output = data_type(*dtype);
  }
  return other ? add_other(product, *other) : nullptr;
}

const char* fold_norms(WeightProduct& product, const NormArgument& after,
                       const NormArgument& before) {
  const Source& weight = product.weights[0];
  if (after.given() && product.weights.size() > 1) {
    return "a norm is not folded into several weights";
  }
  if (after.given() && weight.col_stride != 1) {
    return "a norm is not folded into a transposed weight";
  }
  if (const char* why = read_norms(product.folding, after, weight.rows, before, weight.cols,
                                   product.problem.multiply)) {
    return why;
  }
  product.problem.has_bias = product.problem.has_epilogue = true;
  return nullptr;
}

}  // namespace stoker::aten
