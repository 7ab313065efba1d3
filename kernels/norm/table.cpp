#include "kernels/norm/table.h"

namespace stoker::kernels::norm {
namespace {

constexpr Row kRows[] = {
    {"jit_norm_f32", jit::Isa::kAvx2, DataType::kFloat32, nullptr, {}},
    {"jit_norm_bf16", jit::Isa::kAvx2, DataType::kBFloat16, nullptr, {}},
    {"jit_norm_f16", jit::Isa::kAvx2, DataType::kFloat16, nullptr, {}},
};

}  // namespace

const char* kind_of(const Call& call) noexcept {
  if (call.kind == Kind::kLayer) return call.other ? "add_layer" : "layer";
  return call.other ? "add_rms" : "rms";
}

Selection select(const Call& call, jit::Isa isa, const Calibration& calibration,
                 Policy policy) noexcept {
  for (const Row& row : kRows) {
    if (row.multiply != call.type) continue;
    if (isa < row.needs) return {nullptr, "unsupported: this CPU lacks the instructions"};
    if (policy == Policy::kAlways ||
        calibration.norms(row.name, kind_of(call), call.rows, call.columns)) {
      return {&row, nullptr};
    }
    return {nullptr, kUnprofitable};
  }
  return {nullptr, "no row for this dtype"};
}

}  // namespace stoker::kernels::norm
