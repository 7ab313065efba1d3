// Conversions of rows against the scalar ones, for every upper half and every way to round.
#include "kernels/bfloat16.h"

#include <gtest/gtest.h>

#include <bit>
#include <vector>

namespace stoker::kernels {
namespace {

// All 65,536 upper halves with lower halves below, at and above the middle: every exponent, sign,
// NaN payload and rounding class.
std::vector<float> every_class() {
  std::vector<float> values;
  for (uint32_t upper = 0; upper < 0x10000; ++upper) {
    for (const uint32_t lower : {0x0000u, 0x0001u, 0x7FFFu, 0x8000u, 0x8001u, 0xFFFFu}) {
      values.push_back(std::bit_cast<float>(upper << 16 | lower));
    }
  }
  values.push_back(1.0f);  // an odd count reaches the tails of the loops
  return values;
}

TEST(Bfloat16, RowsRoundAsSingleValuesDo) {
  const std::vector<float> values = every_class();
  const auto count = static_cast<int64_t>(values.size());
  std::vector<bf16> narrow(values.size());
  std::vector<float> rounded(values.size()), widened(values.size());
  narrow_row(values.data(), narrow.data(), count);
  round_row(values.data(), rounded.data(), count);
  widen_row(narrow.data(), widened.data(), count);
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(narrow[i], to_bf16(values[i])) << i;
    ASSERT_EQ(std::bit_cast<uint32_t>(rounded[i]), uint32_t{narrow[i]} << 16) << i;
    ASSERT_EQ(std::bit_cast<uint32_t>(widened[i]), uint32_t{narrow[i]} << 16) << i;
  }
}

TEST(Bfloat16, RoundsToNearestEvenAndKeepsNan) {
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0x3F808000u)), 0x3F80);  // a tie, to even
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0x3F818000u)), 0x3F82);
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0x3F808001u)), 0x3F81);
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0x7F800001u)), 0x7FC0);  // a NaN whose upper half is Inf
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0xFF800000u)), 0xFF80);  // -Inf
  EXPECT_EQ(to_bf16(std::bit_cast<float>(0x7F7FFFFFu)), 0x7F80);  // rounds up to Inf
}

}  // namespace
}  // namespace stoker::kernels
