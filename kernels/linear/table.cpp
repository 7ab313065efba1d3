#include "kernels/linear/table.h"

namespace stoker::kernels::linear {
namespace {

const char* no_limits(const MatmulProblem&) noexcept { return nullptr; }

// Two ways to multiply bf16: VDPBF16PS where it starts twice a cycle (AMD Zen 5), widening to fp32
// where it starts every second cycle (Intel model 207).
constexpr Row kRows[] = {
    {"jit_f32", jit::Isa::kAvx2, DataType::kFloat32, &no_limits, jit::GemmMath::kF32},
    {"jit_bf16_dot", jit::Isa::kAvx512Bf16, DataType::kBFloat16, &no_limits,
     jit::GemmMath::kBf16Dot},
    {"jit_bf16_wide", jit::Isa::kAvx2, DataType::kBFloat16, &no_limits, jit::GemmMath::kBf16Wide},
};

}  // namespace

std::span<const Row> rows() noexcept { return kRows; }

}  // namespace stoker::kernels::linear
