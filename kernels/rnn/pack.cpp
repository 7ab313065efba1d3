#include "kernels/rnn/pack.h"

#include <algorithm>
#include <cstring>

#include "kernels/bfloat16.h"
#include "kernels/scratch.h"

namespace stoker::kernels::rnn {
namespace {

// [gates * hidden, k] with its rows in the order of the columns of the layout, then packed.
bool pack_gates(const PackLayout& layout, const linear::Layout& panels, DataType type,
                const void* weight, int64_t k, char* to, const Parallel& parallel) {
  const int64_t row = k * size_of(type), hidden = layout.shape.hidden;
  Scratch ordered;
  if (!ordered.reserve(layout.columns() * row)) return false;
  char* const rows = ordered.as<char>();
  if (hidden != layout.padded_hidden()) {
    std::memset(rows, 0, static_cast<size_t>(layout.columns() * row));
  }
  for (int gate = 0; gate < layout.shape.gates(); ++gate) {
    const char* from = static_cast<const char*>(weight) + gate * hidden * row;
    for (int64_t unit = 0; unit < hidden; unit += layout.lanes()) {
      const int64_t count = std::min<int64_t>(layout.lanes(), hidden - unit);
      std::memcpy(rows + layout.column(gate, unit) * row, from + unit * row,
                  static_cast<size_t>(count * row));
    }
  }
  return linear::pack(panels, {rows, type, layout.columns(), k, k, 1}, to, parallel);
}

}  // namespace

bool pack(const PackLayout& layout, const Weights& weights, void* packed,
          const Parallel& parallel) noexcept {
  const Shape& shape = layout.shape;
  char* const input = static_cast<char*>(packed);
  char* const recurrent = input + layout.input_bytes();
  if (!pack_gates(layout, layout.input(), weights.type, weights.w_ih, shape.input, input,
                  parallel) ||
      !pack_gates(layout, layout.recurrent(), weights.type, weights.w_hh, shape.state(), recurrent,
                  parallel)) {
    return false;
  }
  if (shape.projection == 0) return true;
  return linear::pack(layout.projection(),
                      {weights.w_hr, weights.type, shape.projection, shape.hidden, shape.hidden, 1},
                      recurrent + layout.recurrent_bytes(), parallel);
}

void add_bias(const PackLayout& layout, DataType type, const void* bias, float* columns) noexcept {
  const int64_t hidden = layout.shape.hidden;
  for (int gate = 0; gate < layout.shape.gates(); ++gate) {
    for (int64_t unit = 0; unit < hidden; unit += layout.lanes()) {
      const int64_t count = std::min<int64_t>(layout.lanes(), hidden - unit);
      float* const to = columns + layout.column(gate, unit);
      const int64_t from = gate * hidden + unit;
      if (type == DataType::kFloat32) {
        for (int64_t i = 0; i < count; ++i) to[i] += static_cast<const float*>(bias)[from + i];
      } else {
        for (int64_t i = 0; i < count; ++i) {
          to[i] += to_float(static_cast<const bf16*>(bias)[from + i]);
        }
      }
    }
  }
}

}  // namespace stoker::kernels::rnn
