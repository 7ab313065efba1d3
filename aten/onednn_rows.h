// Rows that run torch's own oneDNN on a packed weight, through its private mkldnn:: operators.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>

#include "aten/packed_weights.h"
#include "kernels/select.h"

namespace stoker::aten {

// Y = X W^T (+ bias) as one call: what linear, addmm and mm have in common.
struct WeightProduct {
  kernels::MatmulProblem problem;
  const at::Tensor* input = nullptr;  // contiguous, [..., k]
  const at::Tensor* bias = nullptr;   // [n], contiguous, or null
  Source weight;                      // as [n, k]
  uint32_t sightings = 2;             // calls before the operand is taken for a weight
  int64_t rows_before_pack = 0;
};

struct RowResult {
  at::Tensor value;  // undefined when declined
  const char* declined = nullptr;
};

// Looks the operators up and checks their schemas. Null, or why the rows are absent.
const char* find_onednn_operators();

// Rows for WeightProduct, best first; empty when the operators are absent.
std::span<const kernels::Row> onednn_rows() noexcept;

// [..., n], contiguous, of the input's dtype; declined when the weight may not be packed.
RowResult run_onednn(const WeightProduct& product);

}  // namespace stoker::aten
