// The pointwise end of a step of a recurrent layer: from the sums of the gates to h and c.
#pragma once

#include <cstdint>
#include <string>

#include "jit/isa.h"
#include "jit/phases/epilogue.h"

namespace stoker::jit {

// The gates of each cell in torch's order; s is the sigmoid.
enum class RnnCell : uint8_t {
  kLstm,  // i f g o: c = s(f) c + s(i) tanh(g), h = s(o) tanh(c)
  kGru,   // r z n: n = tanh(x_n + s(r) h_n), h = (h - n) s(z) + n
  kTanh,  // h = tanh(x)
  kRelu,  // h = max(x, 0)
};

constexpr int rnn_gates(RnnCell cell) {
  return cell == RnnCell::kLstm ? 4 : cell == RnnCell::kGru ? 3 : 1;
}

struct RnnCellConfig {
  Isa isa;  // kAvx2: 8 floats a vector, else 16
  RnnCell cell;
  Element state;           // as the next product reads h
  Element out;             // the layer's type: h is rounded to it before anything uses it
  uint8_t writes_out = 1;  // 0: only the state is written, what follows is a projection
  // The layer is fp32 and multiplies in bf16: the state is rounded to it, `h` is of type `out`.
  uint8_t mixed = 0;

  bool operator==(const RnnCellConfig&) const = default;
};

// Rows (sequences) of `vectors` vectors of units; strides between rows in bytes.
struct RnnCellArgs {
  const float* gates;  // [vectors][gates][lanes]: their sums, of kGru the recurrent part
  const float* input;  // the same of the input's part; kGru only
  float* c;            // [vectors][lanes], in and out; kLstm only
  const void* h;       // the state before, or, mixed, what was `out`; kGru only
  void* state;         // not `h`: other units still read that
  void* out;
  int64_t gates_stride, input_stride, c_stride, h_stride, state_stride, out_stride;
  int64_t rows, vectors;  // >= 1
};

using RnnCellKernel = void (*)(const RnnCellArgs*) noexcept;

// Null when the kernel cannot be generated (no executable memory). Thread-safe.
RnnCellKernel get_rnn_cell(const RnnCellConfig& config) noexcept;

// The kernel's contract as a name, such as rnn_cell_gru_f32_bf16_avx2.
std::string rnn_cell_name(const RnnCellConfig& config);

}  // namespace stoker::jit
