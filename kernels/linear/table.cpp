#include "kernels/linear/table.h"

namespace stoker::kernels::linear {
namespace {

const char* no_limits(const MatmulProblem&) noexcept { return nullptr; }
const char* bf16_out(const MatmulProblem& p) noexcept {
  return p.output == DataType::kBFloat16 ? nullptr : "unsupported: the result is not bfloat16";
}
const char* f32_out(const MatmulProblem& p) noexcept {
  return p.output == DataType::kFloat32 ? nullptr : "unsupported: the result is not float32";
}

// Three ways to multiply bf16: tiles where there are any; VDPBF16PS where it starts twice a cycle
// (AMD Zen 5), widening to fp32 where it starts every second cycle (Intel model 207). fp32 results
// have rows of their own because their rival is another one: stock's fp32 product.
constexpr Row kRows[] = {
    {"jit_f32", jit::Isa::kAvx2, DataType::kFloat32, &no_limits, jit::GemmMath::kF32},
    {"jit_bf16_amx", jit::Isa::kAmx, DataType::kBFloat16, &bf16_out, jit::GemmMath::kBf16Amx},
    {"jit_bf16_dot", jit::Isa::kAvx512Bf16, DataType::kBFloat16, &bf16_out,
     jit::GemmMath::kBf16Dot},
    {"jit_bf16_wide", jit::Isa::kAvx2, DataType::kBFloat16, &bf16_out, jit::GemmMath::kBf16Wide},
    {"jit_bf16_amx_f32", jit::Isa::kAmx, DataType::kBFloat16, &f32_out, jit::GemmMath::kBf16Amx},
    {"jit_bf16_dot_f32", jit::Isa::kAvx512Bf16, DataType::kBFloat16, &f32_out,
     jit::GemmMath::kBf16Dot},
    {"jit_bf16_wide_f32", jit::Isa::kAvx2, DataType::kBFloat16, &f32_out, jit::GemmMath::kBf16Wide},
    {"jit_f16", jit::Isa::kAvx2, DataType::kFloat16, &no_limits, jit::GemmMath::kF16},
};

}  // namespace

std::span<const Row> rows() noexcept { return kRows; }

}  // namespace stoker::kernels::linear
