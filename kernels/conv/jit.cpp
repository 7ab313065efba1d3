#include "kernels/conv/jit.h"

#include <algorithm>
#include <cstring>

#include "kernels/conv/turn.h"
#include "kernels/linear/jit.h"
#include "kernels/matmul/jit.h"
#include "kernels/scratch.h"

namespace stoker::kernels::conv {
namespace {

// Of gathered pixels at a time: they stay in the caches until they are multiplied.
constexpr int64_t kGatheredBytes = 1 << 20;
constexpr int64_t kLeastRows = 256;

class Run {
 public:
  Run(const ConvProblem& problem, const Operands& operands, const Finish& finish,
      const JitOptions& options, const Parallel& parallel)
      : c_(problem),
        p_(operands),
        finish_(finish),
        o_(options),
        parallel_(parallel),
        size_(size_of(c_.input)) {}

  bool run() {
    if (c_.images == 0 || c_.outputs == 0 || c_.pixels() <= 0) return true;
    const bool gathers = c_.window() == Window::kStrided;
    if (c_.in_rows()) {
      const int64_t rows = c_.images * c_.pixels();
      return gathers ? gather_rows(rows) : multiply_rows(p_.x, rows, p_.y, finish_.other);
    }
    if (c_.packs_weight()) return gathers ? gather_and_turn() : turn_images(c_, p_);
    return gathers ? gather_images() : multiply_images(p_.x, 0, c_.images);
  }

 private:
  // Pixels in rows of channels: a product of linear. `other`: the rows of it, or null.
  bool multiply_rows(const void* x, int64_t count, void* y, const void* other) const {
    const linear::Product product{.x = x,
                                  .x_type = c_.input,
                                  .ldx = c_.channels,
                                  .packed = p_.w,
                                  .bias = p_.bias,
                                  .bias_type = p_.bias_type,
                                  .y = y,
                                  .y_type = c_.output,
                                  .ldy = c_.outputs,
                                  .m = count,
                                  .n = c_.outputs,
                                  .k = c_.channels,
                                  .epilogue = finish_.epilogue,
                                  .other = other,
                                  .ldo = c_.outputs};
    const auto layout = linear::Layout::of(o_.isa, o_.math);
    return linear::run_jit(product, {o_.isa, layout, o_.l2_bytes}, parallel_);
  }

  bool gather_rows(int64_t rows) {
    const int64_t row_bytes = c_.channels * size_;
    const int64_t most = std::min(rows, std::max(kLeastRows, kGatheredBytes / row_bytes));
    Scratch scratch;
    if (!scratch.reserve(most * row_bytes)) return false;
    for (int64_t first = 0; first < rows; first += most) {
      const int64_t count = std::min(most, rows - first);
      parallel_.for_each_range(count, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const int64_t image = (first + i) / c_.pixels();
          const int64_t pixel = image * c_.input_pixels() + source((first + i) % c_.pixels());
          std::memcpy(scratch.as<char>() + i * row_bytes,
                      static_cast<const char*>(p_.x) + pixel * row_bytes,
                      static_cast<size_t>(row_bytes));
        }
      });
      char* const y = static_cast<char*>(p_.y) + first * c_.outputs * size_of(c_.output);
      if (!multiply_rows(scratch.as<char>(), count, y, other_from(first))) return false;
    }
    return true;
  }

  const void* other_from(int64_t row) const {
    if (finish_.other == nullptr) return nullptr;
    return static_cast<const char*>(finish_.other) +
           row * c_.outputs * jit::element_bytes(finish_.epilogue.other);
  }

  // Images [channel, pixel] become rows, and the results images again.
  bool turn_images(const ConvProblem& images, const Operands& operands) const {
    return run_turned(images, operands, parallel_, [this](const ConvProblem& c, const Operands& p) {
      return multiply_rows(p.x, c.images * c.pixels(), p.y, nullptr);
    });
  }

  bool gather_and_turn() const {
    const int64_t x_bytes = c_.channels * c_.pixels() * size_;
    const int64_t y_bytes = c_.outputs * c_.pixels() * size_of(c_.output);
    const int64_t most = std::clamp(kGatheredBytes / x_bytes, int64_t{1}, c_.images);
    Scratch scratch;
    if (!scratch.reserve(most * x_bytes)) return false;
    ConvProblem gathered = c_;
    gathered.size = {c_.out(0), c_.out(1), c_.out(2)};
    gathered.stride = {1, 1, 1};
    Operands operands = p_;
    operands.x = scratch.as<char>();
    for (int64_t first = 0; first < c_.images; first += most) {
      gathered.images = std::min(most, c_.images - first);
      operands.y = static_cast<char*>(p_.y) + first * y_bytes;
      parallel_.for_each_range(gathered.images, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          gather_planes(first + i, 0, c_.channels, scratch.as<char>() + i * x_bytes);
        }
      });
      if (!turn_images(gathered, operands)) return false;
    }
    return true;
  }

  // Pixels side by side: W [outputs, channels] times every image [channels, pixels].
  bool multiply_images(const void* x, int64_t first, int64_t count) const {
    const int64_t pixels = c_.pixels(), image = c_.outputs * pixels;
    const matmul::Product product{
        .a = {p_.w, p_.w_type, 0, c_.channels, 1},
        .b = {x, c_.input, c_.channels * pixels, pixels, 1},
        .d = {p_.bias, p_.bias_type, 0, 1, 0},
        .c = static_cast<char*>(p_.y) + first * image * size_of(c_.output),
        .c_type = c_.output,
        .multiply = c_.multiply,
        .batch = count,
        .m = c_.outputs,
        .n = pixels,
        .k = c_.channels};
    return matmul::run_jit(product, {o_.isa, o_.math, o_.l2_bytes}, parallel_);
  }

  bool gather_images() {
    const int64_t pixels = c_.pixels();
    Scratch scratch;
    if (!scratch.reserve(c_.channels * pixels * size_)) return false;
    for (int64_t image = 0; image < c_.images; ++image) {
      parallel_.for_each_range(c_.channels, [&](int64_t begin, int64_t end) {
        gather_planes(image, begin, end, scratch.as<char>());
      });
      if (!multiply_images(scratch.as<char>(), image, 1)) return false;
    }
    return true;
  }

  const char* plane(int64_t image, int64_t channel) const {
    return static_cast<const char*>(p_.x) +
           (image * c_.channels + channel) * c_.input_pixels() * size_;
  }

  // Channels [begin, end) of an image; `to` is where channel 0 goes.
  void gather_planes(int64_t image, int64_t begin, int64_t end, char* to) const {
    for (int64_t channel = begin; channel < end; ++channel) {
      const char* from = plane(image, channel);
      char* const place = to + channel * c_.pixels() * size_;
      size_ == 4 ? gather_plane<4>(from, place) : gather_plane<2>(from, place);
    }
  }

  template <int size>
  void gather_plane(const char* from, char* to) const {
    const int64_t step = c_.stride[2] * size, width = c_.out(2);
    for (int64_t pixel = 0; pixel < c_.pixels(); pixel += width) {
      const char* row = from + source(pixel) * size;
      for (int64_t i = 0; i < width; ++i, row += step, to += size) std::memcpy(to, row, size);
    }
  }

  // The pixel of X that pixel `p` of Y is made of, in the same image.
  int64_t source(int64_t p) const {
    const int64_t width = c_.out(2), height = c_.out(1);
    const int64_t w = p % width, h = p / width % height, d = p / width / height;
    return (d * c_.stride[0] * c_.size[1] + h * c_.stride[1]) * c_.size[2] + w * c_.stride[2];
  }

  const ConvProblem& c_;
  const Operands& p_;
  const Finish& finish_;
  const JitOptions& o_;
  const Parallel& parallel_;
  const int64_t size_;  // bytes of an element of X
};

}  // namespace

jit::Epilogue fused_part(const ConvProblem& problem, const jit::Epilogue& epilogue) noexcept {
  if (problem.in_rows()) return epilogue;
  // Of results that are turned into images again the other operand lies otherwise.
  if (!problem.packs_weight() || epilogue.combine == jit::Combine::kAddThenActivate) return {};
  return {.activation = epilogue.activation};
}

bool run_jit(const ConvProblem& problem, const Operands& operands, const Finish& finish,
             const JitOptions& options, const Parallel& parallel) noexcept {
  return Run(problem, operands, finish, options, parallel).run();
}

}  // namespace stoker::kernels::conv
