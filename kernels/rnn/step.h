// The recurrent part of one step: h times its weight, then the cell, panel by panel.
#pragma once

#include <cstdint>

#include "jit/gen/gemm.h"
#include "jit/gen/rnn_cell.h"
#include "kernels/rnn/pack.h"
#include "kernels/rounding.h"

namespace stoker::kernels::rnn {

// One step of `rows` sequences; strides in bytes.
struct StepCall {
  const char* panels;  // the packed recurrent weight
  const float* input;  // [rows, columns]: the input's part of the gates
  const float* bias;   // [columns] of the recurrent part, or null
  const char* h;       // [rows, state] as the products read it, zeros up to a whole step
  const char* exact;   // mixed: [rows, padded_hidden], h in fp32
  float* c;            // [rows, padded_hidden]
  char* state;         // [rows, padded_hidden]: h afterwards, or what is projected to it
  char* out;           // [rows, hidden] of the layer's type; null where h is projected
  int64_t h_stride, exact_stride, state_stride, out_stride;
};

// The kernels for so many rows. Panels are independent: a group of them is a task.
class Step {
 public:
  // `groups` at least as many as `threads`, where there are as many panels. False when a kernel
  // cannot be generated.
  bool make(const PackLayout& layout, jit::Element out, int64_t rows, int threads) noexcept;

  int64_t groups() const noexcept { return ceil_div(layout_->panels(), side_); }
  void run(int64_t group, const StepCall& call) const noexcept;

 private:
  static constexpr int kMostRows = 16, kMostWidth = 256;

  void plan(int64_t rows, int threads) noexcept;
  int panels_of_pass(int count) const noexcept;
  bool get_kernels() noexcept;
  void multiply(int64_t panel, int64_t count, int64_t row, int64_t rows, const StepCall& call,
                float* gates) const noexcept;
  void finish(int64_t panel, int64_t count, int64_t row, int64_t rows, const StepCall& call,
              const float* gates) const noexcept;
  bool is_gru() const noexcept { return layout_->shape.cell == jit::RnnCell::kGru; }

  // An fp32 layer that multiplies in bf16?
  bool mixed() const noexcept {
    return layout_->math != jit::GemmMath::kF32 && out_ == jit::Element::kF32;
  }

  const PackLayout* layout_ = nullptr;
  jit::Element out_{};
  int parts_ = 1;        // panels of the weight in a panel of units
  int vectors_ = 0;      // in the width of a panel of units
  int64_t side_ = 1;     // panels read side by side
  bool halves_ = false;  // a panel is read as two of half its width
  int pass_ = 0;         // vectors of a panel in one call
  int64_t blocks_ = 0, larger_ = 0;
  int rows_ = 0;                     // of the first `larger_` blocks; the others have one less
  jit::GemmKernel gemm_[2][2] = {};  // [smaller][the last group]
  jit::RnnCellKernel cell_ = nullptr;
};

}  // namespace stoker::kernels::rnn
