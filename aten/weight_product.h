// Y = X W^T (+ bias) as one call: what linear, addmm and mm have in common, and the rows for it.
#pragma once

#include <ATen/core/Tensor.h>

#include <c10/util/SmallVector.h>

#include <optional>
#include <string>
#include <vector>

#include "aten/folding.h"
#include "aten/packed_weights.h"
#include "aten/row_result.h"
#include "jit/phases/epilogue.h"
#include "kernels/select.h"

namespace stoker::aten {

struct WeightProduct {
  kernels::MatmulProblem problem;
  const at::Tensor* input = nullptr;  // contiguous, [..., k]
  const at::Tensor* bias = nullptr;   // [n], contiguous, or null
  at::Tensor merged_bias;             // where `bias` points when several were put together
  // As [n, k]; several weights of one input give their outputs side by side.
  c10::SmallVector<Source, 1> weights;
  bool known_weight = false;  // linear's operand is a weight; mm's may be an activation
  bool autocast = false;      // reached through AutocastCPU: operands may differ in type
  bool in_graph = false;      // an operator of graphs: see graph_compute_type()
  Folding folding;            // by run_row(), into the only weight and the bias
  jit::Epilogue epilogue;
  const at::Tensor* other = nullptr;  // of the epilogue, [..., n], contiguous
  // When a pack is worth making; choose_row() says.
  uint32_t sightings = 0;  // calls before the operand is taken for a weight
  int64_t rows_before_pack = 0;
};

// Makes the table: generated kernels first, then the libraries' rows that are there. Called once,
// when the overrides are registered. Null, or why a library's rows are absent.
const char* collect_weight_rows();

// The row for `product`, which it completes. Null, or why there is none. In bf16 mode a product
// that no bf16 row makes faster stays an fp32 one.
const char* choose_row(WeightProduct& product, const kernels::Row*& row);

// Names of the rows that can compute `problem` on this CPU, best first; faster than stock or not.
std::vector<std::string> runnable_rows(const kernels::MatmulProblem& problem);

// Runs the row; its value is [..., n], contiguous, of problem.output. Declined when the weight may
// not be packed.
RowResult<at::Tensor> run_row(const kernels::Row& row, const WeightProduct& product);

}  // namespace stoker::aten
