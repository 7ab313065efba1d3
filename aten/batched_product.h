// C = beta * self + alpha * A x B for each batch entry as one call: bmm, baddbmm and the rows for
// them.
#pragma once

#include <ATen/core/Tensor.h>

#include "aten/row_result.h"
#include "kernels/select.h"

namespace stoker::aten {

struct BatchedProduct {
  kernels::MatmulProblem problem;
  const at::Tensor* a = nullptr;     // [batch, m, k], k contiguous
  const at::Tensor* b = nullptr;     // [batch, k, n], k or n contiguous
  const at::Tensor* self = nullptr;  // expands to [batch, m, n]; null: nothing is added
  const at::Tensor* out = nullptr;   // [batch, m, n], contiguous; null: a new tensor
  float alpha = 1, beta = 1;
  bool autocast = false;  // reached through AutocastCPU: operands may differ in type
};

// What the operators mean, at the CPU keys and under autocast alike; null, or why not.
const char* bmm_product(BatchedProduct& product, const at::Tensor& a, const at::Tensor& b);
const char* baddbmm_product(BatchedProduct& product, const at::Tensor& self, const at::Tensor& a,
                            const at::Tensor& b, const at::Scalar& beta, const at::Scalar& alpha);

// The result goes to `out`; only where stock would write in place: right size and dtype, dense, no
// resize, no warning, no memory shared with an operand. To be asked last.
const char* write_to(BatchedProduct& product, const at::Tensor& out);

// The row for `product`, which it completes. Null, or why there is none. In bf16 mode a product
// that no bf16 row makes faster stays an fp32 one.
const char* choose_row(BatchedProduct& product, const kernels::Row*& row);

// Runs the row; its value is [batch, m, n], contiguous, of problem.output.
RowResult<at::Tensor> run_row(const kernels::Row& row, const BatchedProduct& product);

}  // namespace stoker::aten
