// The weights of a layer in the order in which its kernels read them.
#pragma once

#include <cstdint>

#include "kernels/linear/pack.h"
#include "kernels/parallel.h"
#include "kernels/rnn/rnn.h"
#include "kernels/rounding.h"

namespace stoker::kernels::rnn {

// Outputs of the two products come in panels of `units()` units; in a panel, for each vector of
// units, a vector of each gate: [units/lanes][gates][lanes]. What one task multiplies it finishes.
// Missing units are zero, and stay so. One block of memory: input weights, recurrent weights,
// projection.
struct PackLayout {
  jit::Isa isa;
  jit::GemmMath math;  // kF32, kBf16Wide or kBf16Dot
  Shape shape;

  int lanes() const noexcept { return jit::gemm_lanes(isa); }
  // 48 or 64 columns, of one gate 32.
  int units() const noexcept { return shape.gates() == 1 ? 32 : 16; }
  int width() const noexcept { return units() * shape.gates(); }
  int64_t panels() const noexcept { return ceil_div(shape.hidden, units()); }
  int64_t padded_hidden() const noexcept { return panels() * units(); }
  int64_t columns() const noexcept { return panels() * width(); }
  // Where gate `gate` of unit `unit` is among them.
  int64_t column(int gate, int64_t unit) const noexcept {
    return (unit / lanes() * shape.gates() + gate) * lanes() + unit % lanes();
  }

  linear::Layout input() const noexcept { return linear::Layout::of(isa, math); }
  // A panel of units is one panel of the weight, or several narrow ones: rows of 64 or 128 bytes of
  // a wide one, 256 bytes apart, shared a quarter of L1's sets (Zen 3, LSTM H = 128, B = 16: 18 %).
  linear::Layout recurrent() const noexcept {
    const bool narrow = isa < jit::Isa::kAvx512 && width() % 48 != 0;
    return {math, narrow ? jit::gemm_panel(isa) : width()};
  }
  linear::Layout projection() const noexcept { return linear::Layout::of(isa, math); }
  int64_t input_bytes() const noexcept { return input().bytes(columns(), shape.input); }
  int64_t recurrent_bytes() const noexcept { return recurrent().bytes(columns(), shape.state()); }
  int64_t bytes() const noexcept {
    return input_bytes() + recurrent_bytes() + projection().bytes(shape.projection, shape.hidden);
  }
};

// As torch has them, rows contiguous: [gates * hidden, input], [gates * hidden, state] and, with a
// projection, [projection, hidden]. fp32, or bf16 for the bf16 ways to multiply.
struct Weights {
  const void *w_ih, *w_hh, *w_hr;
  DataType type;
};

// Packs into `packed` (layout.bytes(), aligned to 64 bytes). False, with it undefined, when a
// kernel cannot be generated or there is no memory for a copy in the new order.
bool pack(const PackLayout& layout, const Weights& weights, void* packed,
          const Parallel& parallel) noexcept;

// A vector [gates * hidden] in the order of the columns, added to what is there.
void add_bias(const PackLayout& layout, DataType type, const void* bias, float* columns) noexcept;

}  // namespace stoker::kernels::rnn
