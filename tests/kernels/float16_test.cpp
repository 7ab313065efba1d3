// fp16 conversions against the definition of the format (IEEE 754-2019, binary16).
#include "kernels/float16.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

namespace stoker::kernels {
namespace {

// Sign, 5 bits of exponent (bias 15), 10 bits of fraction.
float by_definition(f16 bits) {
  const float sign = bits & 0x8000 ? -1.0f : 1.0f;
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  if (exponent == 31) {
    return fraction ? std::numeric_limits<float>::quiet_NaN()
                    : sign * std::numeric_limits<float>::infinity();
  }
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(1024 + fraction), exponent - 25);
}

TEST(Float16, WidensEveryValue) {
  std::vector<f16> all(65536);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<f16>(i);
  std::vector<float> wide(all.size());
  widen_f16_row(all.data(), wide.data(), 65536);
  for (size_t i = 0; i < all.size(); ++i) {
    const float expected = by_definition(all[i]);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(wide[i])) << i;
    } else {
      ASSERT_EQ(std::bit_cast<uint32_t>(wide[i]), std::bit_cast<uint32_t>(expected)) << i;
    }
  }
}

// Between every two neighbours: just below the middle, the middle (to the even one), just above.
TEST(Float16, NarrowsToTheNearestEven) {
  std::vector<float> values;
  std::vector<f16> expected;
  for (int i = 0; i < 0x7BFF; ++i) {
    const auto low = static_cast<f16>(i), high = static_cast<f16>(i + 1);
    const float middle = (by_definition(low) + by_definition(high)) / 2;
    for (const float sign : {1.0f, -1.0f}) {
      const f16 bit = sign < 0 ? 0x8000 : 0;
      values.insert(values.end(), {sign * by_definition(low), sign * std::nextafter(middle, 0.0f),
                                   sign * middle, sign * std::nextafter(middle, 1e9f)});
      const f16 even = i % 2 == 0 ? low : high;
      for (const f16 want : {low, low, even, high}) expected.push_back(want | bit);
    }
  }
  values.insert(values.end(), {65519.0f, 65520.0f, -1e30f, 1e-30f});
  expected.insert(expected.end(), {0x7BFF, 0x7C00, 0xFC00, 0});
  std::vector<f16> narrow(values.size());
  narrow_f16_row(values.data(), narrow.data(), static_cast<int64_t>(values.size()));
  for (size_t i = 0; i < values.size(); ++i) ASSERT_EQ(narrow[i], expected[i]) << values[i];
}

TEST(Float16, RowsOfEveryLengthEndWhereTheyEnd) {
  for (int64_t count = 0; count < 20; ++count) {
    const std::vector<float> ones(20, 1.0f);
    std::vector<f16> narrow(21, 7);
    narrow_f16_row(ones.data(), narrow.data(), count);
    std::vector<float> wide(21, 7.0f);
    widen_f16_row(narrow.data(), wide.data(), count);
    for (int64_t i = 0; i < 21; ++i) {
      EXPECT_EQ(narrow[i], i < count ? 0x3C00 : 7);
      EXPECT_EQ(wide[i], i < count ? 1.0f : 7.0f);
    }
  }
}

}  // namespace
}  // namespace stoker::kernels
