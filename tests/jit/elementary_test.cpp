// The elementary functions of the epilogues, against double.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <limits>
#include <vector>

#include "jit/gen/skeleton.h"
#include "tests/support/activations.h"
#include "tests/support/each_isa.h"
#include "tests/support/guarded_buffer.h"

namespace stoker::jit {
namespace {

using tests::activate;

std::vector<float> run(Isa isa, Activation activation, const std::vector<float>& x) {
  const tests::GuardedBuffer<float> from(x), y(x.size(), 77.0f, 16);
  const SkeletonKernel kernel = get_skeleton({isa, activation});
  EXPECT_NE(kernel, nullptr);
  const SkeletonArgs args{from.data(), y.data(), static_cast<int64_t>(x.size())};
  kernel(&args);
  EXPECT_TRUE(y.slack_untouched());
  return y.values();
}

// Every exponent and 61 significands of each, both signs.
std::vector<float> all_magnitudes() {
  std::vector<float> values;
  for (uint32_t exponent = 0; exponent < 255; ++exponent) {
    for (uint32_t part = 0; part < 61; ++part) {
      const uint32_t bits = exponent << 23 | part * ((1u << 23) / 61);
      values.push_back(std::bit_cast<float>(bits));
      values.push_back(std::bit_cast<float>(bits | 0x80000000u));
    }
  }
  return values;
}

// Where the functions bend.
std::vector<float> dense() {
  std::vector<float> values;
  for (float x = -20; x < 20; x += 1.0f / 1024) values.push_back(x);
  for (float x = -110; x < 110; x += 1.0f / 64) values.push_back(x);
  return values;
}

class Elementary : public testing::TestWithParam<Isa> {
  void SetUp() override { tests::make_runnable(GetParam()); }
};

// How often the relative error of an fp32 intermediate, the argument of an exponential, shows in
// the result: by the size of that argument.
double condition(Activation activation, double x) {
  switch (activation) {
    case Activation::kGeluTanh:
      return 1 + std::fabs(2 * std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x));
    case Activation::kSilu:
    case Activation::kSigmoid:
      return 1 + std::fabs(x);
    default:
      return 1;
  }
}

void expect_close(Activation activation, const std::vector<float>& x, const std::vector<float>& y) {
  constexpr double kEps = std::numeric_limits<float>::epsilon();
  for (size_t i = 0; i < x.size(); ++i) {
    const double exact = activate(activation, x[i]);
    // Phi has the absolute error that 1 + erf has in fp32, a rounding: no more is asked of gelu.
    const double phi = activation == Activation::kGelu ? kEps / 4 * std::fabs(x[i]) : 0;
    const double bound = 4 * kEps * std::fabs(exact) * condition(activation, x[i]) + phi +
                         std::numeric_limits<float>::min() * (1 + std::fabs(x[i]));
    if (std::fabs(exact) > std::numeric_limits<float>::max()) continue;
    ASSERT_LE(std::fabs(y[i] - exact), bound)
        << activation_name(activation) << "(" << x[i] << ") = " << y[i] << ", expected " << exact;
  }
}

TEST_P(Elementary, AgreesWithDoubleEverywhere) {
  for (const Activation activation : tests::kActivations) {
    for (const auto& x : {all_magnitudes(), dense()}) {
      expect_close(activation, x, run(GetParam(), activation, x));
    }
  }
  std::printf("%s, %s: %zu arguments of %zu functions\n", isa_name(GetParam()),
              tests::how(GetParam()), all_magnitudes().size() + dense().size(),
              std::size(tests::kActivations));
}

TEST_P(Elementary, GivesTheSpecialValuesOfTorch) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const std::vector<float> x{std::numeric_limits<float>::quiet_NaN(), kInf, -kInf};
  for (const Activation activation : tests::kActivations) {
    const auto y = run(GetParam(), activation, x);
    EXPECT_TRUE(std::isnan(y[0])) << activation_name(activation);
    EXPECT_EQ(y[1], static_cast<float>(activate(activation, kInf))) << activation_name(activation);
    switch (activation) {
      case Activation::kNone:
        EXPECT_EQ(y[2], -kInf);
        break;
      case Activation::kRelu:
      case Activation::kSigmoid:
      case Activation::kRelu6:
      case Activation::kHardsigmoid:
        EXPECT_EQ(y[2], 0.0f);
        break;
      case Activation::kTanh:
        EXPECT_EQ(y[2], -1.0f);
        break;
      default:  // -inf times 0
        EXPECT_TRUE(std::isnan(y[2])) << activation_name(activation);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, Elementary, testing::ValuesIn(tests::each_isa()),
                         [](const auto& info) { return isa_name(info.param); });

}  // namespace
}  // namespace stoker::jit
