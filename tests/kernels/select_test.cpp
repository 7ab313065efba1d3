// The dispatcher asked about other machines: select() is a pure function.
#include "kernels/select.h"

#include <gtest/gtest.h>

namespace stoker::kernels {
namespace {

const char* accepts(const MatmulProblem&) noexcept { return nullptr; }
const char* odd_k_only(const MatmulProblem& p) noexcept {
  return p.k % 2 ? nullptr : "unsupported: even K";
}

constexpr Row kRows[] = {
    {"best", jit::Isa::kAvx512Bf16, DataType::kFloat32, &odd_k_only, {}},
    {"plain", jit::Isa::kAvx2, DataType::kFloat32, &accepts, {}},
};
const Calibration kCalibration{
    "test", {}, {{"best", 1, 64, 0, 1 << 20, 0, 5}, {"plain", 8, 64, 1000, 10000, 0, 70}}};

MatmulProblem problem(int64_t m, int64_t n, int64_t k, DataType type = DataType::kFloat32) {
  return {m, n, k, 1, type, type, type, false};
}

Selection pick(const MatmulProblem& p, jit::Isa isa, Policy policy = Policy::kCalibrated) {
  return select(kRows, p, isa, kCalibration, policy);
}

TEST(Select, TakesTheFirstRowThatSupportsTheProblem) {
  EXPECT_STREQ(pick(problem(8, 64, 33), jit::Isa::kAvx512Bf16).row->name, "best");
  EXPECT_STREQ(pick(problem(8, 64, 32), jit::Isa::kAvx512Bf16).row->name, "plain");
  EXPECT_STREQ(pick(problem(8, 64, 33), jit::Isa::kAvx512).row->name, "plain");
}

TEST(Select, HandsOnWhenAPackPays) {
  EXPECT_EQ(pick(problem(8, 64, 32), jit::Isa::kAvx512Bf16).rows_before_pack, 70);
  EXPECT_EQ(pick(problem(8, 64, 32), jit::Isa::kAvx2, Policy::kAlways).rows_before_pack, 0);
}

TEST(Select, DeclinesWithAReason) {
  EXPECT_STREQ(pick(problem(8, 64, 33), jit::Isa::kBaseline).reason,
               "unsupported: this CPU lacks the instructions");
  EXPECT_STREQ(pick(problem(8, 8, 8), jit::Isa::kAvx2).reason,
               "unprofitable: not measured faster than stock at this size on this CPU");
  // Whatever stands after it in the table: another row could not compute it at all.
  constexpr Row kReversed[] = {kRows[1], kRows[0]};
  EXPECT_STREQ(
      select(kReversed, problem(65, 64, 32), jit::Isa::kAvx2, kCalibration, Policy::kCalibrated)
          .reason,
      "unprofitable: not measured faster than stock at this size on this CPU");
  EXPECT_STREQ(pick(problem(8, 64, 33, DataType::kBFloat16), jit::Isa::kAvx2).reason,
               "no row for this dtype");
  EXPECT_STREQ(select({}, problem(1, 1, 1), jit::Isa::kAvx2, kCalibration, Policy::kAlways).reason,
               "no row for this operator yet");
}

TEST(Select, AlwaysIgnoresTheCalibrationButNotTheIsa) {
  EXPECT_STREQ(pick(problem(1, 1, 2), jit::Isa::kAvx2, Policy::kAlways).row->name, "plain");
  EXPECT_EQ(pick(problem(1, 1, 2), jit::Isa::kBaseline, Policy::kAlways).row, nullptr);
}

TEST(Select, BoundsAreInclusive) {
  EXPECT_FALSE(kCalibration.rule("plain", problem(7, 100, 100)));
  EXPECT_TRUE(kCalibration.rule("plain", problem(8, 100, 10)));
  EXPECT_FALSE(kCalibration.rule("plain", problem(8, 111, 9)));
  EXPECT_TRUE(kCalibration.rule("plain", problem(64, 100, 100)));
  EXPECT_FALSE(kCalibration.rule("plain", problem(64, 100, 101)));
  EXPECT_FALSE(kCalibration.rule("plain", problem(65, 100, 100)));
  EXPECT_FALSE(kCalibration.rule("unknown", problem(8, 100, 100)));
}

}  // namespace
}  // namespace stoker::kernels
