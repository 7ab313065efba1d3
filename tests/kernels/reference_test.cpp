// The reference twins against sums done by hand: they define the semantics for every kernel.
#include "kernels/linear/linear.h"
#include "kernels/matmul/matmul.h"

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

namespace stoker::kernels::matmul {
namespace {

using enum DataType;

TEST(MatmulReference, MultipliesAddsAndScales) {
  const std::vector<float> a{1, 2, 3, 4, 5, 6};         // 2 entries of 1 x 3
  const std::vector<float> b{1, 2, 0, 1, -1, 0, 1, 1};  // 3 x 2 in 4 x 2
  const std::vector<float> d{10, 20};                   // of both entries
  std::vector<float> c(4);
  Product p{.a = {a.data(), kFloat32, 3, 3, 1},
            .b = {b.data(), kFloat32, 2, 2, 1},
            .d = {d.data(), kFloat32, 0, 2, 1},
            .c = c.data(),
            .c_type = kFloat32,
            .multiply = kFloat32,
            .batch = 2,
            .m = 1,
            .n = 2,
            .k = 3,
            .alpha = 2,
            .beta = 0.5f};
  reference(p);
  // 1 (1 2) + 2 (0 1) + 3 (-1 0); 4 (0 1) + 5 (-1 0) + 6 (1 1)
  EXPECT_EQ(c, (std::vector<float>{1, 18, 7, 30}));
  p.k = 0;
  reference(p);
  EXPECT_EQ(c, (std::vector<float>{5, 10, 5, 10}));
  p.d = {};
  reference(p);
  EXPECT_EQ(c, (std::vector<float>{0, 0, 0, 0}));
}

}  // namespace
}  // namespace stoker::kernels::matmul
