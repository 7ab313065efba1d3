// Rows that run torch's own oneDNN on a packed weight, through its private mkldnn:: operators.
#pragma once

#include <span>

#include "aten/weight_product.h"
#include "kernels/select.h"

namespace stoker::aten {

// Looks the operators up and checks their schemas. Null, or why the rows are absent.
const char* find_onednn_operators();

// Rows for WeightProduct, best first; empty when the operators are absent.
std::span<const kernels::Row> onednn_rows() noexcept;

RowResult<at::Tensor> run_onednn(const WeightProduct& product);

}  // namespace stoker::aten
