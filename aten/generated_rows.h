// Rows that run our own generated kernels on a packed weight.
#pragma once

#include <span>

#include "aten/weight_product.h"
#include "jit/gen/gemm.h"

namespace stoker::aten {

// What the columns of a convolution's weight are: channels of taps, or taps of channels.
struct WeightWindow {
  int64_t channels, taps;
  bool channels_last;
};

struct PanelRequest {
  std::span<const Source> weights;  // side by side
  // As in PackRequest.
  uint32_t sightings;
  int64_t rows, rows_before_pack;
  const Folding& folding;  // of one weight: where there are norms, the weights are folded_sources()
  // Of one weight, which is packed as [outputs, taps x channels], these padded with zeros to whole
  // k-steps; refused when not finite.
  const WeightWindow* window = nullptr;
};

// From the cache: the weights as linear::pack() lays them for `math` and this CPU.
Packed packed_panels(jit::GemmMath math, const PanelRequest& request);

RowResult<at::Tensor> run_generated(jit::GemmMath math, const WeightProduct& product);

}  // namespace stoker::aten
