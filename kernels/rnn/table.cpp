#include "kernels/rnn/table.h"

#include <string_view>

namespace stoker::kernels::rnn {
namespace {

using enum DataType;

const char* no_limits(const MatmulProblem&) noexcept { return nullptr; }
const char* bf16_out(const MatmulProblem& p) noexcept {
  return p.output == kBFloat16 ? nullptr : "unsupported: the result is not bfloat16";
}
const char* f32_out(const MatmulProblem& p) noexcept {
  return p.output == kFloat32 ? nullptr : "unsupported: the result is not float32";
}

constexpr auto kDot = jit::GemmMath::kBf16Dot, kWide = jit::GemmMath::kBf16Wide;

// jit_lstm_*: where stock runs oneDNN's LSTM; jit_rnn_*: where it loops over small operators, which
// is another rival. As in linear, VDPBF16PS or widening is a matter of the CPU.
constexpr Row kRows[] = {
    {"jit_lstm_f32", jit::Isa::kAvx2, kFloat32, &no_limits, jit::GemmMath::kF32},
    {"jit_lstm_bf16_dot", jit::Isa::kAvx512Bf16, kBFloat16, &bf16_out, kDot},
    {"jit_lstm_bf16_wide", jit::Isa::kAvx2, kBFloat16, &bf16_out, kWide},
    {"jit_lstm_bf16_dot_f32", jit::Isa::kAvx512Bf16, kBFloat16, &f32_out, kDot},
    {"jit_lstm_bf16_wide_f32", jit::Isa::kAvx2, kBFloat16, &f32_out, kWide},
    {"jit_rnn_f32", jit::Isa::kAvx2, kFloat32, &no_limits, jit::GemmMath::kF32},
    {"jit_rnn_bf16_dot", jit::Isa::kAvx512Bf16, kBFloat16, &bf16_out, kDot},
    {"jit_rnn_bf16_wide", jit::Isa::kAvx2, kBFloat16, &bf16_out, kWide},
    {"jit_rnn_bf16_dot_f32", jit::Isa::kAvx512Bf16, kBFloat16, &f32_out, kDot},
    {"jit_rnn_bf16_wide_f32", jit::Isa::kAvx2, kBFloat16, &f32_out, kWide},
};
constexpr size_t kOfLstm = 5;

}  // namespace

std::span<const Row> rows() noexcept { return kRows; }

Selection select(const Problem& problem, jit::Isa isa, const Calibration& calibration,
                 Policy policy) noexcept {
  const auto all = rows();
  const char* reason = "no row for this dtype";
  for (const Row& row : problem.looped ? all.subspan(kOfLstm) : all.first(kOfLstm)) {
    if (row.multiply != problem.multiply) continue;
    if (row.unsupported({.output = problem.output}) != nullptr) continue;
    reason = "unsupported: this CPU lacks the instructions";
    if (isa < row.needs) continue;
    if (policy == Policy::kAlways) return {&row};
    if (const RnnRule* rule =
            calibration.rnn_rule(row.name, problem.hidden, problem.batch, problem.steps)) {
      return {&row, nullptr, rule->rows_before_pack};
    }
    reason = kUnprofitable;
  }
  return {nullptr, reason};
}

}  // namespace stoker::kernels::rnn
