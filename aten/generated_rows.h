// Rows that run our own generated kernels on a packed weight.
#pragma once

#include "aten/weight_product.h"
#include "jit/gen/gemm.h"

namespace stoker::aten {

RowResult<at::Tensor> run_generated(jit::GemmMath math, const WeightProduct& product);

}  // namespace stoker::aten
