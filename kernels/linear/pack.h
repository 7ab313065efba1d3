// Weights in the order in which the block kernels read them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "jit/gen/gemm.h"
#include "kernels/parallel.h"
#include "kernels/problem.h"
#include "kernels/rounding.h"

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
  int64_t panels(int64_t n) const noexcept { return ceil_div(n, width); }
  int64_t steps(int64_t k) const noexcept { return ceil_div(k, jit::gemm_step(math)); }
  int64_t step_bytes() const noexcept { return width * 4; }  // an fp32, or two of 16 bits
  // Between a column and the next one within a step.
  int64_t column_bytes() const noexcept { return math == jit::GemmMath::kF16 ? 2 : 4; }
  int64_t panel_bytes(int64_t k) const noexcept { return steps(k) * step_bytes(); }
  int64_t bytes(int64_t n, int64_t k) const noexcept { return panels(n) * panel_bytes(k); }
};

// B as [n, k]; strides in elements, one of them is 1 and the other is at least the length of that
// side.
struct Matrix {
  const void* data;
  DataType type;
  int64_t n, k, n_stride, k_stride;
};

// Packs all panels into `packed` (layout.bytes(n, k)), spread over threads. fp32 is rounded to
// nearest even when the layout is bf16; 16-bit values need a layout of their type.
// False, with `packed` undefined, when a kernel cannot be generated: the caller declines.
bool pack(const Layout& layout, const Matrix& weight, void* packed,
          const Parallel& parallel) noexcept;

// Panels [first, last) on the calling thread, for a use while they are in its cache; `packed` is
// where panel `first` goes.
bool pack_panels(const Layout& layout, const Matrix& weight, int64_t first, int64_t last,
                 void* packed) noexcept;

// The reference twin of pack(): plain loops over the definition of Layout.
void pack_reference(const Layout& layout, const Matrix& weight, void* packed) noexcept;

}  // namespace stoker::kernels::linear
