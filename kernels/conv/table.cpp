#include "kernels/conv/table.h"

#include "kernels/conv/depthwise.h"

namespace stoker::kernels::conv {
namespace {

const char* one_pixel(const MatmulProblem& p) noexcept {
  return p.window == Window::kPoint || p.window == Window::kStrided
             ? nullptr
             : "unsupported: the window is not one pixel of all channels";
}
const char* several_pixels(const MatmulProblem& p) noexcept {
  return p.window == Window::kSpatial ? nullptr
                                      : "unsupported: no window of several pixels, of all channels";
}
const char* bf16_out(const MatmulProblem& p) noexcept {
  if (p.output != DataType::kBFloat16) return "unsupported: the result is not bfloat16";
  return one_pixel(p);
}
const char* f32_out(const MatmulProblem& p) noexcept {
  if (p.output != DataType::kFloat32) return "unsupported: the result is not float32";
  return one_pixel(p);
}
const char* several_to_bf16(const MatmulProblem& p) noexcept {
  if (p.output != DataType::kBFloat16) return "unsupported: the result is not bfloat16";
  return several_pixels(p);
}
const char* several_to_f32(const MatmulProblem& p) noexcept {
  if (p.output != DataType::kFloat32) return "unsupported: the result is not float32";
  return several_pixels(p);
}

const char* one_channel(const MatmulProblem& p) noexcept {
  if (p.window != Window::kDepthwise) return "unsupported: no window of one channel";
  if (p.input != p.multiply || p.output != p.multiply) return "unsupported: the types are mixed";
  return p.n >= kDepthwiseChannels && p.k <= kDepthwiseTaps
             ? nullptr
             : "unsupported: too few channels, or too large a window";
}

// Of one pixel (jit.h), by linear and batched products, which do the work; of several (spatial.h);
// of one channel (depthwise.h).
constexpr Row kRows[] = {
    {"jit_conv_f32", jit::Isa::kAvx2, DataType::kFloat32, &one_pixel, jit::GemmMath::kF32},
    {"jit_conv_bf16_dot", jit::Isa::kAvx512Bf16, DataType::kBFloat16, &bf16_out,
     jit::GemmMath::kBf16Dot},
    {"jit_conv_bf16_wide", jit::Isa::kAvx2, DataType::kBFloat16, &bf16_out,
     jit::GemmMath::kBf16Wide},
    {"jit_conv_bf16_dot_f32", jit::Isa::kAvx512Bf16, DataType::kBFloat16, &f32_out,
     jit::GemmMath::kBf16Dot},
    {"jit_conv_bf16_wide_f32", jit::Isa::kAvx2, DataType::kBFloat16, &f32_out,
     jit::GemmMath::kBf16Wide},
    {"jit_conv_f16", jit::Isa::kAvx2, DataType::kFloat16, &one_pixel, jit::GemmMath::kF16},
    {"jit_spatial_f32", jit::Isa::kAvx2, DataType::kFloat32, &several_pixels, jit::GemmMath::kF32},
    {"jit_spatial_bf16_wide", jit::Isa::kAvx2, DataType::kBFloat16, &several_to_bf16,
     jit::GemmMath::kBf16Wide},
    {"jit_spatial_bf16_wide_f32", jit::Isa::kAvx2, DataType::kBFloat16, &several_to_f32,
     jit::GemmMath::kBf16Wide},
    {"jit_spatial_f16", jit::Isa::kAvx2, DataType::kFloat16, &several_pixels, jit::GemmMath::kF16},
    {"jit_depthwise_f32", jit::Isa::kAvx2, DataType::kFloat32, &one_channel, jit::GemmMath::kF32},
    {"jit_depthwise_bf16_wide", jit::Isa::kAvx2, DataType::kBFloat16, &one_channel,
     jit::GemmMath::kBf16Wide},
    {"jit_depthwise_f16", jit::Isa::kAvx2, DataType::kFloat16, &one_channel, jit::GemmMath::kF16},
};

}  // namespace

std::span<const Row> rows() noexcept { return kRows; }

}  // namespace stoker::kernels::conv
