// From operands to WeightProduct: the checks that linear, addmm and mm share.
#pragma once

#include <ATen/core/Tensor.h>

#include "aten/weight_product.h"

namespace stoker::aten {

// `matrix` as a [rows, cols] weight; `transposed` when the operand is its [cols, rows] view. Null,
// or why its memory is not one dense matrix.
const char* weight_source(const at::Tensor& matrix, bool transposed, Source& source);

// Completes `product` from input [..., k], weight as [n, k] (set before) and bias (or undefined).
const char* complete_product(WeightProduct& product, const at::Tensor& input,
                             const at::Tensor& bias);

}  // namespace stoker::aten
