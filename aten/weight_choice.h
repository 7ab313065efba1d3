// Which row multiplies with a weight, and when it is worth packing: linear layers and convolutions.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/select.h"

namespace stoker::aten {

// What may be an activation must come back more often than a weight before it is packed.
constexpr uint32_t kWeightSightings = 2, kActivationSightings = 4;

struct WeightUse {
  bool is_float32;  // the weight, whatever it is multiplied as
  bool known;       // to be a weight; else it may be an activation
  bool autocast;    // reached through AutocastCPU
  bool in_graph;    // an operator of graphs
};

struct WeightChoice {
  kernels::Selection selection;
  uint32_t sightings;  // calls before the operand is taken for a weight
};

// Is a weight of so many elements smaller than any that a row was measured faster with? The first
// question about a product, before it is described: that would cost several per cent of a small
// one.
bool is_too_small(int64_t elements);

// The row of `rows` for `problem`; of `rounding` where the fp32 weight is to be rounded to bf16. In
// bf16 mode a product of fp32 operands that no bf16 row makes faster becomes an fp32 one: the
// problem says so then. One with a bf16 tensor, which a graph keeps between its operators where
// multiplies_bf16(), has fp32 and a conversion as its rival: where nothing was measured, it gets
// the first row with instructions for bf16.
WeightChoice choose_for_weight(std::span<const kernels::Row> rows,
                               std::span<const kernels::Row> rounding,
                               kernels::MatmulProblem& problem, const WeightUse& use);

}  // namespace stoker::aten
