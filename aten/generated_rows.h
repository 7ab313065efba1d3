// Rows that run our own generated kernels on a packed weight.
#pragma once

#include <span>

#include "aten/weight_product.h"
#include "jit/gen/gemm.h"

namespace stoker::aten {

struct PanelRequest {
  std::span<const Source> weights;  // side by side
  // As in PackRequest.
  uint32_t sightings;
  int64_t rows, rows_before_pack;
  const double* norm_eps = nullptr;  // of a norm to fold in: the weights are its folded_sources()
};

// From the cache: the weights as linear::pack() lays them for `math` and this CPU.
Packed packed_panels(jit::GemmMath math, const PanelRequest& request);

RowResult<at::Tensor> run_generated(jit::GemmMath math, const WeightProduct& product);

}  // namespace stoker::aten
