#include "kernels/rnn/step.h"

#include <algorithm>
#include <cstring>

namespace stoker::kernels::rnn {
namespace {

using jit::Element;
using jit::GemmMath;
using jit::Isa;

// One or two rows: this many sums at once hide the latency of FMA (4 to 5 cycles, two a cycle).
// Prefetching 4 KB ahead, as linear does for cold weights, lost 12 % on Zen 3 (GRU, H = 256 and
// 512, one sequence): the weight was read in the step before, and lies in L2 or L3.
constexpr int kSums = 12;
constexpr int kMostSide = 4;

}  // namespace

bool Step::make(const PackLayout& layout, Element out, int64_t rows, int threads) noexcept {
  layout_ = &layout;
  out_ = out;
  parts_ = layout.width() / layout.recurrent().width;
  vectors_ = layout.width() / layout.lanes();
  plan(rows, threads);
  blocks_ = ceil_div(rows, rows_);
  rows_ = static_cast<int>(ceil_div(rows, blocks_));
  larger_ = rows - blocks_ * (rows_ - 1);
  return get_kernels();
}

// Few rows: whole panels, several side by side, or the two halves of a wide one. Many: as many rows
// as the register file holds beside some vectors of a panel.
void Step::plan(int64_t rows, int threads) noexcept {
  const bool avx2 = layout_->isa < Isa::kAvx512;
  side_ = 1;
  halves_ = false;
  pass_ = vectors_;
  rows_ = static_cast<int>(std::min<int64_t>(rows, 2));
  if (rows <= 2) {
    const auto most = std::min<int64_t>(kMostSide / parts_, layout_->panels());
    side_ = std::clamp<int64_t>(kSums / (vectors_ * rows), 1, most);
    while (side_ > 1 && layout_->panels() / side_ < threads) --side_;
    if (avx2 && vectors_ * rows > kSums) pass_ = vectors_ / 2;
    halves_ = avx2 && side_ == 1 && parts_ == 1 && vectors_ > 4;
    return;
  }
  if (avx2) {
    pass_ = vectors_ % 3 == 0 ? 3 : 2;
  } else if (vectors_ == 4 && rows > 6) {
    pass_ = 2;
  }
  rows_ = jit::gemm_max_rows(layout_->isa, layout_->math, pass_);
}

// Panels of the weight that a call reads side by side, of `count` panels of units.
int Step::panels_of_pass(int count) const noexcept {
  return halves_ ? 2 : std::max(1, count * parts_ * pass_ / vectors_);
}

bool Step::get_kernels() noexcept {
  for (int smaller = 0; smaller < (larger_ < blocks_ ? 2 : 1); ++smaller) {
    for (int last = 0; last < 2; ++last) {
      const int64_t rest = layout_->panels() % side_;
      const auto count = static_cast<int>(last != 0 && rest != 0 ? rest : side_);
      gemm_[smaller][last] = jit::get_gemm({.isa = layout_->isa,
                                            .math = layout_->math,
                                            .rows = static_cast<uint8_t>(rows_ - smaller),
                                            .vectors = static_cast<uint8_t>(pass_ * count),
                                            .panels = static_cast<uint8_t>(panels_of_pass(count))});
      if (gemm_[smaller][last] == nullptr) return false;
    }
  }
  const bool dot = layout_->math == GemmMath::kBf16Dot;
  cell_ = jit::get_rnn_cell({.isa = layout_->isa,
                             .cell = layout_->shape.cell,
                             .state = dot ? Element::kBf16 : Element::kF32,
                             .out = out_,
                             .writes_out = layout_->shape.projection == 0,
                             .mixed = mixed()});
  return cell_ != nullptr;
}

void Step::run(int64_t group, const StepCall& call) const noexcept {
  alignas(64) float gates[kMostRows * kMostWidth];
  const int64_t panel = group * side_, count = std::min(side_, layout_->panels() - panel);
  int64_t row = 0;
  for (int64_t block = 0; block < blocks_; ++block) {
    const int64_t rows = rows_ - (block < larger_ ? 0 : 1);
    multiply(panel, count, row, rows, call, gates);
    finish(panel, count, row, rows, call, gates);
    row += rows;
  }
}

void Step::multiply(int64_t panel, int64_t count, int64_t row, int64_t rows, const StepCall& call,
                    float* gates) const noexcept {
  const linear::Layout weight = layout_->recurrent();
  const int64_t state = layout_->shape.state(), columns = layout_->columns();
  const jit::GemmKernel kernel = gemm_[rows < rows_ ? 1 : 0][count < side_ ? 1 : 0];
  jit::GemmArgs args{};
  args.a = call.h + row * call.h_stride;
  args.lda = call.h_stride;
  args.ldb = weight.step_bytes();
  args.ldc_in = columns * 4;
  args.ldc_out = count * layout_->width() * 4;
  args.panel_bytes = halves_ ? weight.step_bytes() / 2 : weight.panel_bytes(state);
  args.steps = weight.steps(state);
  const char* const b = call.panels + panel * parts_ * weight.panel_bytes(state);
  const int64_t first = panel * layout_->width();
  for (int64_t v = 0; v < vectors_; v += pass_) {
    const int64_t column = v * layout_->lanes();
    args.b = args.next = b + column / weight.width * weight.panel_bytes(state) +
                         column % weight.width * weight.column_bytes();
    if (is_gru()) {  // its cell needs the recurrent part of n alone
      args.bias = call.bias != nullptr ? call.bias + first + column : nullptr;
    } else {
      args.c_in = call.input + row * columns + first + column;
    }
    args.c_out = gates + column;
    kernel(&args);
  }
}

void Step::finish(int64_t panel, int64_t count, int64_t row, int64_t rows, const StepCall& call,
                  const float* gates) const noexcept {
  alignas(64) char tail[kMostRows * kMostWidth * 4];
  const int64_t units = layout_->units(), first = panel * units, columns = layout_->columns();
  const int64_t state_size = layout_->math == GemmMath::kBf16Dot ? 2 : 4;
  const int64_t real = std::min(count * units, layout_->shape.hidden - first);
  const int64_t size = jit::element_bytes(out_);
  const char* const h = mixed() ? call.exact + row * call.exact_stride + first * size
                                : call.h + row * call.h_stride + first * state_size;
  char* const out = call.out != nullptr ? call.out + row * call.out_stride + first * size : nullptr;
  const bool narrow = out != nullptr && real < count * units;
  const int64_t tail_stride = count * units * size;
  const jit::RnnCellArgs args{
      .gates = gates,
      .input = is_gru() ? call.input + row * columns + panel * layout_->width() : nullptr,
      .c = call.c != nullptr ? call.c + row * layout_->padded_hidden() + first : nullptr,
      .h = h,
      .state = call.state + row * call.state_stride + first * state_size,
      .out = narrow ? tail : out,
      .gates_stride = count * layout_->width() * 4,
      .input_stride = columns * 4,
      .c_stride = layout_->padded_hidden() * 4,
      .h_stride = mixed() ? call.exact_stride : call.h_stride,
      .state_stride = call.state_stride,
      .out_stride = narrow ? tail_stride : call.out_stride,
      .rows = rows,
      .vectors = count * units / layout_->lanes()};
  cell_(&args);
  if (!narrow) return;
  for (int64_t i = 0; i < rows; ++i) {
    std::memcpy(out + i * call.out_stride, tail + i * tail_stride,
                static_cast<size_t>(real * size));
  }
}

}  // namespace stoker::kernels::rnn
