#include "kernels/rnn/jit.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernels/bfloat16.h"
#include "kernels/element.h"
#include "kernels/linear/jit.h"
#include "kernels/rnn/step.h"
#include "kernels/rounding.h"
#include "kernels/scratch.h"

namespace stoker::kernels::rnn {
namespace {

using jit::GemmMath;

// Of the input's part of the gates at a time: steps are multiplied together, but what they leave
// should not travel to memory and back.
constexpr int64_t kInputBytes = 4 << 20, kInputRows = 64;

class Run {
 public:
  Run(const Call& call, const JitOptions& options, const Parallel& parallel)
      : c_(call),
        o_(options),
        l_(options.layout),
        parallel_(parallel),
        size_(size_of(call.type)),
        x_size_(size_of(call.x_type)),
        c_row_(l_.shape.hidden * size_of(call.c_type)),
        state_size_(l_.math == GemmMath::kBf16Dot ? 2 : 4),
        state_(l_.shape.state()),
        projected_(l_.shape.projection != 0),
        mixed_(l_.math != GemmMath::kF32 && call.type == DataType::kFloat32),
        state_stride_((projected_ ? round_up(state_, l_.projection().width) : l_.padded_hidden()) *
                      state_size_) {}

  bool run() {
    if (!reserve()) return false;
    prepare_rows();
    prepare_biases();
    load_states();
    const int64_t steps = c_.sequences.steps;
    int64_t done = 0;
    while (done < steps) {
      const int64_t count = steps_at_a_time(done);
      const int64_t first = c_.reverse ? steps - done - count : done;
      if (!multiply_inputs(first, first + count)) return false;
      for (int64_t i = 0; i < count; ++i) {
        if (!step(c_.reverse ? first + count - 1 - i : first + i, rows_before_[first])) {
          return false;
        }
      }
      done += count;
    }
    store_h(0, active_);
    for (int64_t b = 0; c_.cn != nullptr && b < c_.sequences.batch; ++b) {
      const float* from = c_memory_ + b * l_.padded_hidden();
      narrow(c_.c_type, from, static_cast<char*>(c_.cn) + b * c_row_, l_.shape.hidden);
    }
    return true;
  }

 private:
  int64_t exact_stride() const { return state_stride_ / state_size_ * 4; }  // bytes

  bool reserve() {
    const int64_t batch = c_.sequences.batch;
    input_rows_ = std::max(kInputRows, kInputBytes / (l_.columns() * 4));
    int64_t rows = 0;
    for (int64_t t = 0; t < c_.sequences.steps; ++t) rows += c_.sequences.size(t);
    const int64_t gate_rows = std::min(rows, std::max(input_rows_, batch));
    const int64_t full = projected_ ? batch * l_.padded_hidden() * state_size_ : 0;
    const int64_t sizes[] = {(c_.sequences.steps + 1) * 8,
                             gate_rows * l_.columns() * 4,
                             l_.columns() * 4 * 2,
                             batch * state_stride_,
                             batch * state_stride_,
                             batch * l_.padded_hidden() * 4,
                             full,
                             mixed_ ? batch * exact_stride() : 0,
                             mixed_ ? batch * exact_stride() : 0,
                             gathers() ? gate_rows * l_.shape.input * x_size_ : 0};
    int64_t total = 0;
    for (const int64_t size : sizes) total += round_up(size, 64);
    if (!memory_.reserve(total)) return false;
    char* at = memory_.as<char>();
    auto take = [&at, &sizes, i = 0]() mutable {
      return std::exchange(at, at + round_up(sizes[i++], 64));
    };
    rows_before_ = reinterpret_cast<int64_t*>(take());
    gates_ = reinterpret_cast<float*>(take());
    bias_ = reinterpret_cast<float*>(take());
    h_ = take();
    next_ = take();
    c_memory_ = reinterpret_cast<float*>(take());
    full_ = take();
    exact_ = take();
    next_exact_ = take();
    gathered_ = take();
    return true;
  }

  void prepare_rows() {
    rows_before_[0] = 0;
    for (int64_t t = 0; t < c_.sequences.steps; ++t) {
      rows_before_[t + 1] = rows_before_[t] + c_.sequences.size(t);
    }
  }

  // The recurrent bias joins the input's, but for GRU, whose cell needs the two apart.
  void prepare_biases() {
    if (c_.b_ih == nullptr) return;
    std::fill(bias_, bias_ + l_.columns() * 2, 0.0f);
    add_bias(l_, c_.bias_type, c_.b_ih, bias_);
    const bool apart = l_.shape.cell == RnnCell::kGru;
    if (apart) recurrent_bias_ = bias_ + l_.columns();
    add_bias(l_, c_.bias_type, c_.b_hh, apart ? bias_ + l_.columns() : bias_);
  }

  void load_states() {
    const int64_t batch = c_.sequences.batch;
    std::memset(h_, 0, static_cast<size_t>(batch * state_stride_));
    std::memset(next_, 0, static_cast<size_t>(batch * state_stride_));
    if (mixed_) {
      std::memset(exact_, 0, static_cast<size_t>(batch * exact_stride()));
      std::memset(next_exact_, 0, static_cast<size_t>(batch * exact_stride()));
    }
    if (!c_.reverse) load_h(0, batch);
    if (c_.c0 == nullptr) return;
    std::memset(c_memory_, 0, static_cast<size_t>(batch * l_.padded_hidden() * 4));
    for (int64_t b = 0; b < batch; ++b) {
      const char* from = static_cast<const char*>(c_.c0) + b * c_row_;
      widen(c_.c_type, from, c_memory_ + b * l_.padded_hidden(), l_.shape.hidden);
    }
  }

  // Rows [first, last) of h begin as h0, or end as hn.
  void load_h(int64_t first, int64_t last) {
    const int64_t row = state_ * size_;
    for (int64_t b = first; b < last; ++b) {
      const char* const from = static_cast<const char*>(c_.h0) + b * row;
      to_state(from, h_ + b * state_stride_);
      if (mixed_) std::memcpy(exact_ + b * exact_stride(), from, static_cast<size_t>(row));
    }
    active_ = last;
  }
  void store_h(int64_t first, int64_t last) {
    if (c_.hn == nullptr) return;
    const int64_t row = state_ * size_;
    for (int64_t b = first; b < last; ++b) {
      char* const to = static_cast<char*>(c_.hn) + b * row;
      const char* const from = mixed_ ? exact_ + b * exact_stride() : h_ + b * state_stride_;
      if (mixed_ || size_ == state_size_) {
        std::memcpy(to, from, static_cast<size_t>(row));
      } else {
        narrow(c_.type, reinterpret_cast<const float*>(from), to, state_);
      }
    }
  }

  // A row of h in the call's type as the products read it.
  void to_state(const char* from, char* to) const {
    if (mixed_) {
      const auto* floats = reinterpret_cast<const float*>(from);
      state_size_ == 4 ? round_row(floats, reinterpret_cast<float*>(to), state_)
                       : narrow_row(floats, reinterpret_cast<bf16*>(to), state_);
    } else if (size_ == state_size_) {
      std::memcpy(to, from, static_cast<size_t>(state_ * size_));
    } else {
      widen(c_.type, from, reinterpret_cast<float*>(to), state_);
    }
  }
  static void narrow(DataType type, const float* from, char* to, int64_t count) {
    if (type == DataType::kFloat32) {
      std::memcpy(to, from, static_cast<size_t>(count) * 4);
    } else {
      narrow_row(from, reinterpret_cast<bf16*>(to), count);
    }
  }

  // Is row r of x not r * x_row away?
  bool gathers() const {
    const Sequences& s = c_.sequences;
    return s.sizes == nullptr && s.batch > 1 && s.steps > 1 && c_.x_step != s.batch * c_.x_row;
  }

  int64_t steps_at_a_time(int64_t done) const {
    const Sequences& s = c_.sequences;
    int64_t count = 0, rows = 0;
    while (done + count < s.steps) {
      const int64_t t = c_.reverse ? s.steps - 1 - done - count : done + count;
      rows += s.size(t);
      if (count > 0 && rows > input_rows_) break;
      ++count;
    }
    return count;
  }

  // The input's part of the gates of steps [first, last).
  bool multiply_inputs(int64_t first, int64_t last) {
    const int64_t rows = rows_before_[last] - rows_before_[first];
    const Sequences& s = c_.sequences;
    const char* x = static_cast<const char*>(c_.x);
    int64_t stride = c_.x_row;
    if (gathers()) {
      const auto bytes = static_cast<size_t>(l_.shape.input * x_size_);
      char* to = gathered_;
      for (int64_t t = first; t < last; ++t) {
        for (int64_t b = 0; b < s.batch; ++b, to += bytes) {
          std::memcpy(to, x + (t * c_.x_step + b * c_.x_row) * x_size_, bytes);
        }
      }
      x = gathered_;
      stride = l_.shape.input;
    } else if (s.sizes == nullptr && s.batch == 1) {
      x += first * c_.x_step * x_size_;
      stride = c_.x_step;
    } else {
      x += rows_before_[first] * c_.x_row * x_size_;
    }
    const linear::Product product{.x = x,
                                  .x_type = c_.x_type,
                                  .ldx = stride,
                                  .packed = o_.packed,
                                  .bias = c_.b_ih != nullptr ? bias_ : nullptr,
                                  .bias_type = DataType::kFloat32,
                                  .y = gates_,
                                  .y_type = DataType::kFloat32,
                                  .ldy = l_.columns(),
                                  .m = rows,
                                  .n = l_.columns(),
                                  .k = l_.shape.input};
    return linear::run_jit(product, {l_.isa, l_.input(), o_.l2_bytes}, parallel_);
  }

  // Sequences come and go between steps, always the last ones.
  bool change_rows(int64_t rows) {
    if (rows < active_) store_h(rows, active_);
    if (rows > active_) load_h(active_, rows);
    active_ = rows;
    if (made_for_ == rows) return true;
    made_for_ = rows;
    step_parallel_ = parallel_.enough_for(rows * l_.columns() * state_);
    return step_.make(l_, element_of(c_.type), rows, step_parallel_.threads);
  }

  // `before`: rows of y before the first one that has its gates in gates_.
  bool step(int64_t t, int64_t before) {
    const int64_t rows = c_.sequences.size(t), row = rows_before_[t];
    if (!change_rows(rows)) return false;
    char* const y = static_cast<char*>(c_.y) + row * c_.ldy * size_;
    const StepCall call{
        .panels = static_cast<const char*>(o_.packed) + l_.input_bytes(),
        .input = gates_ + (row - before) * l_.columns(),
        .bias = recurrent_bias_,
        .h = h_,
        .exact = exact_,
        .c = c_.c0 != nullptr ? c_memory_ : nullptr,
        .state = projected_ ? full_ : next_,
        .out = projected_ ? nullptr
               : mixed_   ? next_exact_
                          : y,
        .h_stride = state_stride_,
        .exact_stride = exact_stride(),
        .state_stride = projected_ ? l_.padded_hidden() * state_size_ : state_stride_,
        .out_stride = mixed_ ? exact_stride() : c_.ldy * size_};
    step_parallel_.for_each_range(step_.groups(), [&](int64_t begin, int64_t end) {
      for (int64_t group = begin; group < end; ++group) step_.run(group, call);
    });
    if (projected_ && !project(y, rows)) return false;
    for (int64_t b = 0; mixed_ && b < rows; ++b) {
      char* const of_y = y + b * c_.ldy * size_;
      char* const exact = next_exact_ + b * exact_stride();
      std::memcpy(projected_ ? exact : of_y, projected_ ? of_y : exact,
                  static_cast<size_t>(state_ * size_));
    }
    std::swap(h_, next_);
    std::swap(exact_, next_exact_);
    return true;
  }

  bool project(char* y, int64_t rows) {
    const linear::Product product{
        .x = full_,
        .x_type = state_size_ == 4 ? DataType::kFloat32 : DataType::kBFloat16,
        .ldx = l_.padded_hidden(),
        .packed = static_cast<const char*>(o_.packed) + l_.input_bytes() + l_.recurrent_bytes(),
        .bias = nullptr,
        .bias_type = DataType::kFloat32,
        .y = y,
        .y_type = c_.type,
        .ldy = c_.ldy,
        .m = rows,
        .n = state_,
        .k = l_.shape.hidden};
    if (!linear::run_jit(product, {l_.isa, l_.projection(), o_.l2_bytes}, step_parallel_)) {
      return false;
    }
    for (int64_t b = 0; b < rows; ++b) {
      to_state(y + b * c_.ldy * size_, next_ + b * state_stride_);
    }
    return true;
  }

  const Call& c_;
  const JitOptions& o_;
  const PackLayout& l_;
  const Parallel parallel_;
  const int64_t size_, x_size_;  // bytes of an element: of h and y, of x
  const int64_t c_row_;          // bytes of a row of c0 and cn
  const int64_t state_size_;     // bytes of an element of h as products read it
  const int64_t state_;
  const bool projected_, mixed_;
  const int64_t state_stride_;  // bytes
  int64_t input_rows_ = 0;      // of gates_, unless one step has more
  int64_t active_ = 0;          // rows of h_ in use
  int64_t made_for_ = 0;        // rows, step_ was
  Step step_;
  Parallel step_parallel_;
  Scratch memory_;
  int64_t* rows_before_ = nullptr;
  float *gates_ = nullptr, *bias_ = nullptr, *recurrent_bias_ = nullptr, *c_memory_ = nullptr;
  char *h_ = nullptr, *next_ = nullptr, *full_ = nullptr, *gathered_ = nullptr;
  char *exact_ = nullptr, *next_exact_ = nullptr;  // mixed_: h in fp32
};

}  // namespace

bool run_jit(const Call& call, const JitOptions& options, const Parallel& parallel) noexcept {
  return Run(call, options, parallel).run();
}

}  // namespace stoker::kernels::rnn
