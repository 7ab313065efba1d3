// Batched products: C[b] = alpha * A[b] x B[b] + beta * D[b] for b in [0, batch).
#pragma once

#include <cstdint>

#include "kernels/problem.h"

namespace stoker::kernels::matmul {

// A [batch, rows, columns] operand; strides in elements. Stride 0 repeats what is there.
struct Operand {
  const void* data = nullptr;
  DataType type = DataType::kFloat32;
  int64_t batch_stride = 0, row_stride = 0, col_stride = 1;
};

struct Product {
  Operand a;  // [batch, m, k]
  Operand b;  // [batch, k, n]
  Operand d;  // [batch, m, n]; no data: nothing is added
  void* c;    // [batch, m, n] without gaps; overlaps no operand
  DataType c_type;
  DataType multiply;  // what fp32 operands of the product are rounded to; sums are fp32
  int64_t batch, m, n, k;
  float alpha = 1, beta = 1;

  // Is D rounded to the type of C first? torch's autocast casts it like the other operands.
  bool rounds_d() const noexcept { return d.type != c_type; }
};

// The reference twin: plain loops, double accumulation, one rounding. It defines the semantics:
// K = 0 gives beta * D (or zero); NaN and Inf propagate by IEEE arithmetic.
void reference(const Product& product) noexcept;

}  // namespace stoker::kernels::matmul
