// Recurrent layers: one layer in one direction over a batch of sequences.
#pragma once

#include <cstdint>

#include "jit/gen/rnn_cell.h"
#include "kernels/problem.h"

namespace stoker::kernels::rnn {

using jit::RnnCell;

struct Shape {
  RnnCell cell;
  int64_t input;           // elements of x at one step
  int64_t hidden;          // units
  int64_t projection = 0;  // kLstm: elements of h, less than hidden; 0: h is the units

  int gates() const noexcept { return jit::rnn_gates(cell); }
  int64_t state() const noexcept { return projection != 0 ? projection : hidden; }

  bool operator==(const Shape&) const = default;
};

// How many sequences are at work at each step: all of them, or, where they are packed, those that
// are long enough; the longest come first.
struct Sequences {
  int64_t steps;         // >= 1
  int64_t batch;         // >= 1
  const int64_t* sizes;  // [steps], not increasing, the first is `batch`, all >= 1; null: all batch

  int64_t size(int64_t step) const noexcept { return sizes != nullptr ? sizes[step] : batch; }
};

// Everything but weights, each type fp32 or bf16. Rows of y come step by step, those of a step side
// by side, as packed sequences have them.
struct Call {
  Sequences sequences;
  bool reverse = false;                // from the last step of each sequence to its first
  DataType type = DataType::kFloat32;  // of h and y
  DataType x_type = DataType::kFloat32, c_type = DataType::kFloat32;
  DataType bias_type = DataType::kFloat32;
  const void* x;            // rows of [input], contiguous
  int64_t x_row;            // elements between the sequences of a step
  int64_t x_step;           // elements between steps; unused where sequences are packed
  const void *b_ih, *b_hh;  // [gates * hidden] both, or null both
  const void *h0, *c0;      // [batch, state], [batch, hidden]; c0 of kLstm
  void *hn, *cn;            // the same of the end; overlap nothing; null: not wanted
  void* y;                  // rows of [state]
  int64_t ldy;              // elements between rows of y
};

// Weights as torch has them, row-major fp32: [gates * hidden, input], [gates * hidden, state],
// [projection, hidden].
struct PlainWeights {
  const float *w_ih, *w_hh, *w_hr;
};

// What is rounded to bf16 on the way.
enum class Rounding : uint8_t {
  kNone,
  kResults,   // h, after each step
  kOperands,  // h where it is multiplied; of x and the weights that is the caller's to do
};

// The reference twin, in fp32: plain loops over double, h rounded to fp32 after each step. It
// defines the semantics of every cell; NaN propagates by IEEE arithmetic.
void reference(const Shape& shape, const PlainWeights& weights, const Call& call,
               Rounding rounding);

}  // namespace stoker::kernels::rnn
