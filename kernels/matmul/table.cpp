#include "kernels/matmul/table.h"

namespace stoker::kernels::matmul {
namespace {

const char* no_limits(const MatmulProblem&) noexcept { return nullptr; }
const char* bf16_out(const MatmulProblem& p) noexcept {
  return p.output == DataType::kBFloat16 ? nullptr : "unsupported: the result is not bfloat16";
}
const char* f32_out(const MatmulProblem& p) noexcept {
  return p.output == DataType::kFloat32 ? nullptr : "unsupported: the result is not float32";
}

// As those of linear; B is packed in every call, or read where it lies.
constexpr Row kRows[] = {
    {"jit_batched_f32", jit::Isa::kAvx2, DataType::kFloat32, &no_limits, jit::GemmMath::kF32},
    {"jit_batched_bf16_dot", jit::Isa::kAvx512Bf16, DataType::kBFloat16, &bf16_out,
     jit::GemmMath::kBf16Dot},
    {"jit_batched_bf16_wide", jit::Isa::kAvx2, DataType::kBFloat16, &bf16_out,
     jit::GemmMath::kBf16Wide},
    {"jit_batched_bf16_dot_f32", jit::Isa::kAvx512Bf16, DataType::kBFloat16, &f32_out,
     jit::GemmMath::kBf16Dot},
    {"jit_batched_bf16_wide_f32", jit::Isa::kAvx2, DataType::kBFloat16, &f32_out,
     jit::GemmMath::kBf16Wide},
    {"jit_batched_f16", jit::Isa::kAvx2, DataType::kFloat16, &no_limits, jit::GemmMath::kF16},
};

}  // namespace

std::span<const Row> rows() noexcept { return kRows; }

}  // namespace stoker::kernels::matmul
