// Rows of recurrent layers, asked about other machines.
#include "kernels/rnn/table.h"

#include <gtest/gtest.h>

namespace stoker::kernels::rnn {
namespace {

using jit::Isa;

const Calibration kCalibration = parse_calibration(
    "family x\n"
    "rnn jit_lstm_f32 h 1 64 b 1 1 t 1 * pack 0\n"
    "rnn jit_rnn_f32 h 1 512 b 1 * t 1 * pack 70\n"
    "rnn jit_rnn_bf16_wide h 1 512 b 1 * t 1 * pack 0\n");

Selection pick(const Problem& problem, Isa isa, Policy policy = Policy::kCalibrated) {
  return select(problem, isa, kCalibration, policy);
}

TEST(RnnTable, TellsOneDnnsRivalFromTheLoops) {
  EXPECT_STREQ(
      pick({true, DataType::kFloat32, DataType::kFloat32, 100, 1, 5}, Isa::kAvx2).row->name,
      "jit_rnn_f32");
  EXPECT_EQ(
      pick({true, DataType::kFloat32, DataType::kFloat32, 100, 1, 5}, Isa::kAvx2).rows_before_pack,
      70);
  EXPECT_STREQ(
      pick({false, DataType::kFloat32, DataType::kFloat32, 64, 1, 5}, Isa::kAvx2).row->name,
      "jit_lstm_f32");
  EXPECT_STREQ(pick({false, DataType::kFloat32, DataType::kFloat32, 100, 1, 5}, Isa::kAvx2).reason,
               "unprofitable: not measured faster than stock at this size on this CPU");
}

TEST(RnnTable, ChoosesTheWayToMultiplyBf16) {
  const Problem problem{true, DataType::kBFloat16, DataType::kBFloat16, 100, 1, 5};
  EXPECT_STREQ(pick(problem, Isa::kAvx512Bf16).row->name, "jit_rnn_bf16_wide");
  EXPECT_STREQ(pick(problem, Isa::kAvx512Bf16, Policy::kAlways).row->name, "jit_rnn_bf16_dot");
  EXPECT_STREQ(pick(problem, Isa::kAvx2, Policy::kAlways).row->name, "jit_rnn_bf16_wide");
}

TEST(RnnTable, MultipliesFp32InBf16WhereAsked) {
  const Problem problem{false, DataType::kBFloat16, DataType::kFloat32, 100, 1, 5};
  EXPECT_STREQ(pick(problem, Isa::kAvx512Bf16, Policy::kAlways).row->name, "jit_lstm_bf16_dot_f32");
  EXPECT_STREQ(pick(problem, Isa::kAvx2, Policy::kAlways).row->name, "jit_lstm_bf16_wide_f32");
  EXPECT_EQ(pick(problem, Isa::kAvx2).row, nullptr);
}

TEST(RnnTable, DeclinesWithAReason) {
  EXPECT_STREQ(pick({true, DataType::kFloat16, DataType::kFloat16, 100, 1, 5}, Isa::kAmx).reason,
               "no row for this dtype");
  EXPECT_STREQ(
      pick({true, DataType::kFloat32, DataType::kFloat32, 100, 1, 5}, Isa::kBaseline).reason,
      "unsupported: this CPU lacks the instructions");
}

}  // namespace
}  // namespace stoker::kernels::rnn
