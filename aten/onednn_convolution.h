// Rows that run torch's own oneDNN convolution on a packed weight.
#pragma once

#include <span>

#include "aten/convolution_rows.h"

namespace stoker::aten {

// Looks the operators up and checks their schemas. Null, or why the rows are absent.
const char* find_onednn_convolution();

// Best first; empty when the operators are absent.
std::span<const kernels::Row> onednn_convolution_rows() noexcept;

RowResult<at::Tensor> run_onednn(const kernels::Row& row, const Convolution& convolution);

}  // namespace stoker::aten
