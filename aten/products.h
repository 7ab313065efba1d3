// From operands to WeightProduct.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "aten/weight_product.h"

namespace stoker::aten {

// `matrix` as a [rows, cols] weight; `transposed` when the operand is its [cols, rows] view. Null,
// or why its memory is not one dense matrix.
const char* weight_source(const at::Tensor& matrix, bool transposed, Source& source);

// What the operators mean, at the CPU keys and under autocast alike; null, or why not.
// linear: input [..., k] times the weight [n, k].
const char* linear_product(WeightProduct& product, const at::Tensor& input,
                           const at::Tensor& weight, const std::optional<at::Tensor>& bias);
// matmul with a matrix: a [..., m, k] times b [k, n]; the rows of all batches are one product.
const char* matmul_product(WeightProduct& product, const at::Tensor& a, const at::Tensor& b);
const char* mm_product(WeightProduct& product, const at::Tensor& a, const at::Tensor& b);
const char* addmm_product(WeightProduct& product, const at::Tensor& self, const at::Tensor& a,
                          const at::Tensor& b, const at::Scalar& beta, const at::Scalar& alpha);
// linear with several weights, whose outputs lie side by side, and an epilogue; no bias, or one a
// weight. `other` and `dtype` as in stoker::linear.
const char* fused_product(WeightProduct& product, const at::Tensor& input, at::TensorList weights,
                          at::TensorList biases, const jit::Epilogue& epilogue,
                          const std::optional<at::Tensor>& other,
                          std::optional<at::ScalarType> dtype);
// Gives a product the batch norms of its outputs and of its input; null, or why not.
const char* fold_norms(WeightProduct& product, const NormArgument& after,
                       const NormArgument& before);

}  // namespace stoker::aten
