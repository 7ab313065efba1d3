// Y = X W^T (+ bias) as one call: what linear, addmm and mm have in common, and the rows for it.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>

#include "aten/packed_weights.h"
#include "kernels/select.h"

namespace stoker::aten {

struct WeightProduct {
  kernels::MatmulProblem problem;
  const at::Tensor* input = nullptr;  // contiguous, [..., k]
  const at::Tensor* bias = nullptr;   // [n], contiguous, or null
  Source weight;                      // as [n, k]
  uint32_t sightings = 2;             // calls before the operand is taken for a weight
  int64_t rows_before_pack = 0;
};

struct RowResult {
  at::Tensor value;  // [..., n], contiguous, of problem.output; undefined when declined
  const char* declined = nullptr;
};

// Makes the table: generated kernels first, then the libraries' rows that are there. Called once,
// when the overrides are registered. Null, or why a library's rows are absent.
const char* collect_weight_rows();

// Best first; empty before collect_weight_rows().
std::span<const kernels::Row> weight_rows() noexcept;

// Runs one of weight_rows(). Declined when the weight may not be packed.
RowResult run_weight_row(const kernels::Row& row, const WeightProduct& product);

}  // namespace stoker::aten
