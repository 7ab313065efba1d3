#include "kernels/embedding_bag/table.h"

namespace stoker::kernels::embedding_bag {
namespace {

constexpr Row kRows[] = {
    {"jit_bag_f32", jit::Isa::kAvx2, DataType::kFloat32, nullptr, {}},
    {"jit_bag_bf16", jit::Isa::kAvx2, DataType::kBFloat16, nullptr, {}},
    {"jit_bag_f16", jit::Isa::kAvx2, DataType::kFloat16, nullptr, {}},
};

}  // namespace

const char* kind_of(const Bags& bags) noexcept {
  static constexpr const char* kModes[] = {"sum", "mean", "max"};
  if (bags.padding >= 0) return "padded";
  if (bags.tracked && bags.mode == Mode::kSum) return "tracked";
  return bags.scales ? "scaled" : kModes[static_cast<int>(bags.mode)];
}

Selection select(const Bags& bags, jit::Isa isa, const Calibration& calibration,
                 Policy policy) noexcept {
  for (const Row& row : kRows) {
    if (row.multiply != bags.type) continue;
    if (isa < row.needs) return {nullptr, "unsupported: this CPU lacks the instructions"};
    if (policy == Policy::kAlways ||
        calibration.bags(row.name, kind_of(bags), bags.bags, bags.count)) {
      return {&row, nullptr};
    }
    return {nullptr, kUnprofitable};
  }
  return {nullptr, "no row for this dtype"};
}

}  // namespace stoker::kernels::embedding_bag
