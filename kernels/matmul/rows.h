// Rows of operands as the kernels read them.
#pragma once

#include <cstdint>

#include "jit/gen/gemm.h"
#include "kernels/matmul/matmul.h"

namespace stoker::kernels::matmul {

inline const char* at(const Operand& o, int64_t batch, int64_t row, int64_t col) noexcept {
  return static_cast<const char*>(o.data) +
         (batch * o.batch_stride + row * o.row_stride + col * o.col_stride) * size_of(o.type);
}

// `k` elements of A as `math` reads them, then zeros up to `padded_k`.
void convert_a_row(jit::GemmMath math, DataType type, const char* from, char* to, int64_t k,
                   int64_t padded_k) noexcept;

// `count` elements of D from `from` on, without gaps, rounded to bf16 if asked for.
void copy_d_row(const Operand& d, const char* from, char* to, int64_t count, bool rounds) noexcept;

}  // namespace stoker::kernels::matmul
