// Operands of embedding bags as the kernels take them; null, or why stock does it.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "kernels/embedding_bag/embedding_bag.h"

namespace stoker::aten {

using kernels::embedding_bag::Bags;

// Table, type and sizes of `weight` [rows, columns].
const char* read_weight(Bags& bags, const at::Tensor& weight);

// `indices` [count], `offsets` [bags], or [bags + 1] with `include_last`; read_weight() comes
// first.
const char* read_indices(Bags& bags, const at::Tensor& indices, const at::Tensor& offsets,
                         bool include_last);

}  // namespace stoker::aten
