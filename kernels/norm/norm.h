// Normalization of the rows of a residual stream, with the sum that leads to it.
#pragma once

#include <cstdint>

#include "jit/gen/norm.h"
#include "kernels/problem.h"

namespace stoker::kernels::norm {

using Kind = jit::NormKind;

// sum = x + other, rounded to `type`; out = sum normalized. Matrices [rows, columns] without gaps.
// kLayer: (sum - mean) / sqrt(variance + eps) * weight + bias in fp32, rounded once.
// kRms: sum / sqrt(mean of squares + eps), rounded to `type` where `weight_type` is that, too;
// times weight, rounded.
struct Call {
  Kind kind;
  DataType type;         // of x, other, sum, out
  DataType weight_type;  // of weight and bias: `type` or fp32

  const void* x;
  const void* other;   // null: x itself is normalized, and no sum written
  void* sum;           // may be x or other
  const void* weight;  // [columns], null: ones
  const void* bias;    // [columns], null: zeros; kLayer only
  void* out;           // none of the others
  int64_t rows, columns;
  float eps;
};

// The reference twin: plain loops, double accumulation. It defines the semantics.
void reference(const Call& call) noexcept;

}  // namespace stoker::kernels::norm
