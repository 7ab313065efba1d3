#include "kernels/conv/depthwise.h"

#include <algorithm>
#include <array>

#include "jit/gen/depthwise.h"
#include "kernels/conv/turn.h"
#include "kernels/element.h"
#include "kernels/rounding.h"
#include "kernels/scratch.h"

namespace stoker::kernels::conv {
namespace {

using jit::kDepthwiseMost;

// Of the lines under the window, for as many blocks as are taken at a time: they stay in L2 from
// one line of the result to the next. With as few blocks as stay in L1 rows of 64 bytes are read at
// great strides: 5 to 20 % slower (Zen 3, layers of MobileNet).
constexpr int64_t kLineBytes = 256 << 10;
// Of images and results together: beyond these the caches of a core have lost what is read next,
// and it is fetched ahead. With less it costs up to 13 % (Zen 3, 512 KB of L2).
constexpr int64_t kAheadBytes = 4 << 20;
// A thread's tasks, at the least.
constexpr int64_t kTasks = 4;

// Equal tiles side by side.
struct Segment {
  jit::DepthwiseKernel kernel = nullptr;
  int64_t first = 0, tiles = 0;  // pixel of the result
  int pixels = 0;
  int64_t left = 0, right = 0;
};
constexpr size_t kMostSegments = 64;

// A line of the result.
struct Line {
  int64_t first;  // pixel of the result
  int64_t count;  // of the lines under the window
  std::array<jit::DepthwiseLine, kDepthwiseTaps> under;
  const char *next_x, *next_y;  // of what is fetched ahead
};

class Run {
 public:
  Run(const ConvProblem& problem, const Operands& operands, const Finish& finish, jit::Isa isa)
      : c_(problem),
        p_(operands),
        finish_(finish),
        layout_(DepthwiseLayout::of(isa, problem)),
        size_(size_of(problem.input)) {}

  bool run(Parallel parallel) {
    parallel = parallel.enough_for(c_.images * c_.pixels() * c_.channels * c_.taps());
    if (c_.images == 0 || c_.pixels() <= 0) return true;
    if (!widen_bias() || !plan_line()) return false;
    const int64_t lines = c_.out(0) * c_.out(1);
    const int64_t group = blocks_at_a_time(parallel.threads);
    const int64_t groups = ceil_div(layout_.blocks, group);
    parallel.for_each_range(c_.images * lines * groups, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; ++task) {
        const int64_t block = task % groups * group, line = task / groups;
        const int64_t count = std::min(group, layout_.blocks - block);
        compute_line(line / lines, line % lines, block, count);
      }
    });
    return true;
  }

 private:
  bool widen_bias() {
    if (p_.bias == nullptr || p_.bias_type == DataType::kFloat32) {
      bias_ = static_cast<const float*>(p_.bias);
      return true;
    }
    if (!scratch_.reserve(c_.channels * 4)) return false;
    widen(p_.bias_type, p_.bias, scratch_.as<float>(), c_.channels);
    bias_ = scratch_.as<float>();
    return true;
  }

  // Cuts a line of the result into tiles as equal as they can be.
  bool plan_line() {
    if (c_.taps() > kDepthwiseTaps ||
        std::max({c_.kernel[2], c_.stride[2], c_.dilation[2]}) > kDepthwiseMost) {
      return false;
    }
    const int64_t width = c_.out(2);
    const int most = jit::depthwise_tile(layout_.isa, c_.kernel[2], c_.channels).pixels;
    const int64_t tiles = ceil_div(width, most);
    int64_t first = 0;
    for (int64_t tile = 0; tile < tiles; ++tile) {
      const int pixels = static_cast<int>(width / tiles + (tile < width % tiles ? 1 : 0));
      if (!add_tile(first, pixels)) return false;
      first += pixels;
    }
    for (size_t i = 0; i < segment_count_; ++i) {
      segments_[i].kernel = kernel_for(segments_[i]);
      if (segments_[i].kernel == nullptr) return false;
    }
    return true;
  }

  bool add_tile(int64_t first, int pixels) {
    const int64_t covered = (pixels - 1) * c_.stride[2] + (c_.kernel[2] - 1) * c_.dilation[2] + 1;
    const int64_t from = first * c_.stride[2] - c_.padding[2];
    const int64_t left = std::clamp<int64_t>(-from, 0, covered);
    const int64_t right = std::clamp<int64_t>(from + covered - c_.size[2], 0, covered);
    if (segment_count_ > 0) {
      Segment& before = segments_[segment_count_ - 1];
      if (before.pixels == pixels && before.left == 0 && before.right == 0 && left == 0 &&
          right == 0) {
        before.tiles += 1;
        return true;
      }
    }
    if (segment_count_ == kMostSegments || covered > UINT16_MAX) return false;
    segments_[segment_count_++] = {nullptr, first, 1, pixels, left, right};
    return true;
  }

  jit::DepthwiseKernel kernel_for(const Segment& s) const {
    return jit::get_depthwise({.isa = layout_.isa,
                               .element = element_of(c_.input),
                               .vectors = static_cast<uint8_t>(layout_.block / lanes()),
                               .pixels = static_cast<uint8_t>(s.pixels),
                               .biased = bias_ != nullptr,
                               .ahead = fetches_ahead(),
                               .epilogue = finish_.epilogue,
                               .window = static_cast<uint16_t>(c_.kernel[2]),
                               .stride = static_cast<uint16_t>(c_.stride[2]),
                               .dilation = static_cast<uint16_t>(c_.dilation[2]),
                               .left = static_cast<uint16_t>(s.left),
                               .right = static_cast<uint16_t>(s.right)});
  }

  bool fetches_ahead() const {
    const int64_t pixels = c_.images * (c_.input_pixels() + c_.pixels());
    return pixels * c_.channels * size_ > kAheadBytes && c_.size[0] == 1 &&
           c_.stride[2] <= jit::kMostAhead;
  }

  int64_t lanes() const { return layout_.isa >= jit::Isa::kAvx512 ? 16 : 8; }

  // Of one line of the result: a task.
  int64_t blocks_at_a_time(int threads) const {
    const int64_t bytes = c_.kernel[0] * c_.kernel[1] * c_.size[2] * layout_.block * size_;
    const int64_t lines = c_.images * c_.out(0) * c_.out(1);
    const int64_t groups = threads > 1 ? ceil_div(kTasks * threads, lines) : 1;
    return std::clamp<int64_t>(std::min(kLineBytes / bytes, layout_.blocks / groups), 1,
                               layout_.blocks);
  }

  // The lines of the image under the window at line `at` of the result.
  int64_t lines_under(int64_t image, int64_t at, jit::DepthwiseLine* lines) const {
    const int64_t d = at / c_.out(1) * c_.stride[0] - c_.padding[0];
    const int64_t h = at % c_.out(1) * c_.stride[1] - c_.padding[1];
    int64_t count = 0;
    for (int64_t i = 0; i < c_.kernel[0]; ++i) {
      const int64_t depth = d + i * c_.dilation[0];
      if (depth < 0 || depth >= c_.size[0]) continue;
      for (int64_t j = 0; j < c_.kernel[1]; ++j) {
        const int64_t height = h + j * c_.dilation[1];
        if (height < 0 || height >= c_.size[1]) continue;
        const int64_t line = (image * c_.size[0] + depth) * c_.size[1] + height;
        lines[count++] = {static_cast<const char*>(p_.x) + line * c_.size[2] * c_.channels * size_,
                          (i * c_.kernel[1] + j) * c_.kernel[2] * layout_.block * 4};
      }
    }
    return count;
  }

  void compute_line(int64_t image, int64_t at, int64_t block, int64_t blocks) const {
    Line line;
    line.count = lines_under(image, at, line.under.data());
    line.first = image * c_.pixels() + at * c_.out(2);
    find_next(image, at, block, line);
    // The last block does not begin where the others end.
    const int64_t end = block + blocks, last = layout_.blocks - 1;
    const int64_t regular = std::min(end, last) - block;
    for (size_t i = 0; i < segment_count_; ++i) {
      const Segment& s = segments_[i];
      if (regular > 0) compute(s, line, block, regular);
      if (end > last) compute(s, line, last, 1);
    }
  }

  // After the last line under the window comes what the window has not seen yet: below an image the
  // next one. These blocks take their share of it.
  void find_next(int64_t image, int64_t at, int64_t block, Line& line) const {
    const int64_t below =
        at * c_.stride[1] - c_.padding[1] + (c_.kernel[1] - 1) * c_.dilation[1] + 1;
    const int64_t x_bytes = c_.size[2] * c_.channels * size_;
    const int64_t y_bytes = c_.out(2) * c_.channels * size_;
    line.next_x = static_cast<const char*>(p_.x) + (image * c_.size[1] + below) * x_bytes +
                  c_.stride[1] * x_bytes / layout_.blocks * block;
    line.next_y = static_cast<const char*>(p_.y) + (image * c_.out(1) + at + 1) * y_bytes +
                  y_bytes / layout_.blocks * block;
  }

  void compute(const Segment& s, Line& line, int64_t block, int64_t blocks) const {
    const int64_t channel = layout_.first_channel(block);
    const int64_t at = (line.first + s.first) * c_.channels + channel;
    const int64_t column = std::max<int64_t>(0, s.first * c_.stride[2] - c_.padding[2]);
    const int64_t other_size = jit::element_bytes(finish_.epilogue.other);
    jit::DepthwiseArgs args{
        .lines = line.under.data(),
        .count = line.count,
        .next_x = line.next_x,
        .next_y = line.next_y,
        .x = (column * c_.channels + channel) * size_,
        .y = static_cast<char*>(p_.y) + at * size_,
        .other =
            finish_.other ? static_cast<const char*>(finish_.other) + at * other_size : nullptr,
        .weights = static_cast<const float*>(p_.w) + block * layout_.block * layout_.taps,
        .bias = bias_ ? bias_ + channel : nullptr,
        .x_pitch = c_.channels * size_,
        .y_pitch = c_.channels * size_,
        .other_pitch = c_.channels * other_size,
        .block_weights = layout_.block_bytes(),
        .tiles = s.tiles,
        .blocks = blocks};
    s.kernel(&args);
    line.next_x = args.next_x;
    line.next_y = args.next_y;
  }

  const ConvProblem& c_;
  const Operands& p_;
  const Finish& finish_;
  const DepthwiseLayout layout_;
  const int64_t size_;  // bytes of an element of X and Y
  const float* bias_ = nullptr;
  Scratch scratch_;
  std::array<Segment, kMostSegments> segments_;
  size_t segment_count_ = 0;
};

}  // namespace

DepthwiseLayout DepthwiseLayout::of(jit::Isa isa, const ConvProblem& problem) noexcept {
  if (problem.channels < 16) isa = std::min(isa, jit::Isa::kAvx2);
  const int64_t lanes = isa >= jit::Isa::kAvx512 ? 16 : 8;
  const int64_t block =
      lanes * jit::depthwise_tile(isa, problem.kernel[2], problem.channels).vectors;
  return {.block = block,
          .blocks = ceil_div(problem.channels, block),
          .taps = problem.taps(),
          .channels = problem.channels,
          .isa = isa};
}

void DepthwiseLayout::pack(const float* weight, float* packed) const noexcept {
  for (int64_t index = 0; index < blocks; ++index) {
    const float* const from = weight + first_channel(index) * taps;
    for (int64_t tap = 0; tap < taps; ++tap) {
      for (int64_t i = 0; i < block; ++i) *packed++ = from[i * taps + tap];
    }
  }
}

bool run_depthwise(const ConvProblem& problem, const Operands& operands, const Finish& finish,
                   jit::Isa isa, const Parallel& parallel) noexcept {
  if (problem.in_rows()) return Run(problem, operands, finish, isa).run(parallel);
  return run_turned(problem, operands, parallel, [&](const ConvProblem& c, const Operands& p) {
    return Run(c, p, finish, isa).run(parallel);
  });
}

}  // namespace stoker::kernels::conv
