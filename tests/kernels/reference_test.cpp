// The reference twin against sums done by hand: it defines the semantics for every kernel.
#include "kernels/linear/linear.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace stoker::kernels::linear {
namespace {

TEST(LinearReference, MultipliesByTheTransposedWeightAndAddsTheBias) {
  const std::vector<float> x{1, 2, 3, 4, 5, 6};   // 2 x 3
  const std::vector<float> w{1, 0, -1, 2, 1, 0};  // 2 x 3
  const std::vector<float> bias{10, 20};
  std::vector<float> y(4);
  reference({x.data(), w.data(), bias.data(), y.data(), 2, 2, 3, 3, 3, 2});
  EXPECT_EQ(y, (std::vector<float>{8, 24, 8, 33}));
}

TEST(LinearReference, HonoursLeadingDimensionsAndTouchesNothingBetweenRows) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x{1, 2, nan, 3, 4, nan};
  const std::vector<float> w{1, 1, nan, nan, 2, -1, nan, nan};
  std::vector<float> y(6, -7);
  reference({x.data(), w.data(), nullptr, y.data(), 2, 2, 2, 3, 4, 3});
  EXPECT_EQ(y, (std::vector<float>{3, 0, -7, 7, 2, -7}));
}

TEST(LinearReference, GivesTheBiasWhenKIsZeroAndPropagatesNaN) {
  const std::vector<float> bias{5};
  std::vector<float> y{0};
  reference({nullptr, nullptr, bias.data(), y.data(), 1, 1, 0, 0, 0, 1});
  EXPECT_EQ(y[0], 5);
  const std::vector<float> x{std::numeric_limits<float>::infinity()};
  const std::vector<float> w{0};
  reference({x.data(), w.data(), nullptr, y.data(), 1, 1, 1, 1, 1, 1});
  EXPECT_TRUE(std::isnan(y[0]));
}

}  // namespace
}  // namespace stoker::kernels::linear
