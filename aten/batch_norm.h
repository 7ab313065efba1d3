// A batch norm in eval mode, folded into the convolution or linear layer before it, in double:
//   s = weight / sqrt(var + eps),  W' = W s,  b' = (b - mean) s + bias
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/function_schema.h>

#include <span>
#include <string>

#include "aten/packed_weights.h"

namespace stoker::aten {

struct BatchNorm {
  // [outputs], without gaps; weight and bias may be null.
  const at::Tensor *weight = nullptr, *bias = nullptr;
  const at::Tensor *mean = nullptr, *var = nullptr;
  double eps = 0;
};

// The schema of an operator whose argument `norm` is a list of such tensors, none by default.
c10::FunctionSchema schema_with_norm(const std::string& schema);

// Throws where `norm` is neither none, nor mean and variance, nor weight, bias, mean and variance.
void check_batch_norm(const char* op, at::TensorList norm);

// What torch's operators make of `y` [n, outputs, ...]; itself where there is no norm.
at::Tensor stock_batch_norm(const at::Tensor& y, at::TensorList norm, double eps);

using FoldedSources = c10::SmallVector<Source, kMaxSources>;

// From weight, bias, mean and variance, or the last two. Null, or why not.
const char* read_batch_norm(BatchNorm& norm, at::TensorList tensors, double eps, int64_t outputs);

// What W' is made of: `weight`, then what the norm gives. `norm` may be null.
FoldedSources folded_sources(const Source& weight, const BatchNorm* norm);

// W' in fp32, [outputs, columns], from plain tensors of those sources; undefined where it is not
// finite: stock says what comes of that.
at::Tensor fold_weight(std::span<const at::Tensor> sources, double eps);

// W, or W' where there is a norm (eps not null), rounded to the type of the multiplication;
// undefined, and the reason, where that is not finite: rows that multiply zeros around an image, or
// do not where stock does, give other results then.
constexpr const char* kNotFinite = "weight is not finite";
at::Tensor finite_weight(std::span<const at::Tensor> sources, const double* eps,
                         at::ScalarType multiplied);

// b' in fp32; `bias` may be null. From the cache, of which the others are as in PackRequest; until
// it may be packed, computed in every call. Refused where it is not finite.
Packed folded_bias(const BatchNorm& norm, const at::Tensor* bias, uint32_t sightings, int64_t rows,
                   int64_t rows_before_pack);

}  // namespace stoker::aten
