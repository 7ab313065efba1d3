// Weights in the order in which the block kernels read them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "jit/gen/gemm.h"
#include "kernels/parallel.h"
#include "kernels/problem.h"

namespace stoker::kernels::linear {

// A weight [n, k] as panels of `width` outputs: fp32 [n/width][k][width], bf16 in pairs along k
// [n/width][k/2][width][2], fp16 [n/width][k/2][2][width]. Missing outputs and the missing half of
// an odd k are zero.
struct Layout {
  jit::GemmMath math;
  int width;

  static Layout of(jit::Isa isa, jit::GemmMath math) noexcept {
    return {math, jit::gemm_panel(isa)};
  }
  int64_t panels(int64_t n) const noexcept { return (n + width - 1) / width; }
  int64_t steps(int64_t k) const noexcept {
    return (k + jit::gemm_step(math) - 1) / jit::gemm_step(math);
  }
  int64_t step_bytes() const noexcept { return width * 4; }  // an fp32, or two of 16 bits
  // Between a column and the next one within a step.
  int64_t column_bytes() const noexcept { return math == jit::GemmMath::kF16 ? 2 : 4; }
  int64_t panel_bytes(int64_t k) const noexcept { return steps(k) * step_bytes(); }
  int64_t bytes(int64_t n, int64_t k) const noexcept { return panels(n) * panel_bytes(k); }
};

// Packs the row-major `weight` [n, k] of `type` into `packed` (layout.bytes(n, k)). fp32 weights
// are rounded to nearest even when the layout is bf16; 16-bit weights need a layout of their type.
void pack(const Layout& layout, const void* weight, DataType type, int64_t n, int64_t k,
          void* packed, const Parallel& parallel);

}  // namespace stoker::kernels::linear
