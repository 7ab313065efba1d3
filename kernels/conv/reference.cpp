#include "kernels/bfloat16.h"
#include "kernels/conv/conv.h"
#include "kernels/float16.h"

namespace stoker::kernels::conv {
namespace {

float load(const void* data, DataType type, int64_t at) noexcept {
  if (type == DataType::kFloat32) return static_cast<const float*>(data)[at];
  const uint16_t half = static_cast<const uint16_t*>(data)[at];
  if (type == DataType::kBFloat16) return to_float(half);
  float value;
  widen_f16_row(&half, &value, 1);
  return value;
}

void store(void* data, DataType type, int64_t at, float value) noexcept {
  if (type == DataType::kFloat32) {
    static_cast<float*>(data)[at] = value;
  } else if (type == DataType::kBFloat16) {
    static_cast<bf16*>(data)[at] = to_bf16(value);
  } else {
    narrow_f16_row(&value, static_cast<f16*>(data) + at, 1);
  }
}

float rounded(float value, DataType type) noexcept {
  return type == DataType::kBFloat16 ? to_float(to_bf16(value)) : value;
}

// Coordinates of number `index` in a box of that extent.
Extent position(int64_t index, const Extent& box) noexcept {
  return {index / (box[1] * box[2]), index / box[2] % box[1], index % box[2]};
}

// The pixel of X under tap `t` of the window at pixel `p` of Y; -1 in the zeros around X.
int64_t pixel_under(const ConvProblem& c, const Extent& p, const Extent& t) noexcept {
  int64_t pixel = 0;
  for (size_t i = 0; i < 3; ++i) {
    const int64_t at = p[i] * c.stride[i] + t[i] * c.dilation[i] - c.padding[i];
    if (at < 0 || at >= c.size[i]) return -1;
    pixel = pixel * c.size[i] + at;
  }
  return pixel;
}

int64_t place(bool last, int64_t image, int64_t channel, int64_t pixel, int64_t channels,
              int64_t pixels) noexcept {
  return last ? (image * pixels + pixel) * channels + channel
              : (image * channels + channel) * pixels + pixel;
}

double element(const ConvProblem& c, const Operands& o, int64_t image, int64_t output,
               int64_t pixel) noexcept {
  const int64_t width = c.channels / c.groups, first = output / (c.outputs / c.groups) * width;
  const Extent p = position(pixel, {c.out(0), c.out(1), c.out(2)});
  double sum = o.bias ? static_cast<double>(load(o.bias, o.bias_type, output)) : 0;
  for (int64_t tap = 0; tap < c.taps(); ++tap) {
    const int64_t from = pixel_under(c, p, position(tap, c.kernel));
    for (int64_t i = 0; i < width && from >= 0; ++i) {
      const int64_t x =
          place(c.channels_last, image, first + i, from, c.channels, c.input_pixels());
      const int64_t w = (output * width + i) * c.taps() + tap;
      sum += static_cast<double>(rounded(load(o.x, c.input, x), c.multiply)) *
             static_cast<double>(rounded(load(o.w, o.w_type, w), c.multiply));
    }
  }
  return sum;
}

}  // namespace

void reference(const ConvProblem& c, const Operands& o) noexcept {
  for (int64_t image = 0; image < c.images; ++image) {
    for (int64_t output = 0; output < c.outputs; ++output) {
      for (int64_t pixel = 0; pixel < c.pixels(); ++pixel) {
        store(o.y, c.output, place(c.channels_last, image, output, pixel, c.outputs, c.pixels()),
              static_cast<float>(element(c, o, image, output, pixel)));
      }
    }
  }
}

}  // namespace stoker::kernels::conv
