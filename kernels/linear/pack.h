// Weights in the order in which the block kernels read them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "jit/gen/gemm.h"
#include "kernels/parallel.h"
#include "kernels/problem.h"

namespace stoker::kernels::linear {

// A weight [n, k] as panels of `width` outputs: fp32 [n/width][k][width], bf16 in pairs along k
// [n/width][k/2][width][2]. Missing outputs and the missing half of an odd k are zero.
struct Layout {
  jit::GemmMath math;
  int width;

  static Layout of(jit::Isa isa, jit::GemmMath math) noexcept {
    return {math, 4 * jit::gemm_lanes(isa) / (isa >= jit::Isa::kAvx512 ? 1 : 2)};
  }
  int64_t panels(int64_t n) const noexcept { return (n + width - 1) / width; }
  int64_t steps(int64_t k) const noexcept {
    return (k + jit::gemm_step(math) - 1) / jit::gemm_step(math);
  }
  int64_t step_bytes() const noexcept { return width * 4; }  // an fp32, or a pair of bf16
  int64_t panel_bytes(int64_t k) const noexcept { return steps(k) * step_bytes(); }
  int64_t bytes(int64_t n, int64_t k) const noexcept { return panels(n) * panel_bytes(k); }
};

// Packs the row-major `weight` [n, k] of `type` into `packed` (layout.bytes(n, k)). fp32 weights
// are rounded to nearest even when the layout is bf16; bf16 weights need a bf16 layout.
void pack(const Layout& layout, const void* weight, DataType type, int64_t n, int64_t k,
          void* packed, const Parallel& parallel);

}  // namespace stoker::kernels::linear
