// Depthwise convolutions on generated kernels, against the reference twin at every ISA.
#include "kernels/conv/depthwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "jit/gen/depthwise.h"
#include "kernels/conv/table.h"
#include "tests/support/activations.h"
#include "tests/support/each_isa.h"
#include "tests/support/finished.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/typed_values.h"

namespace stoker::kernels::conv {
namespace {

using jit::Isa;
using tests::GuardedBuffer;
using tests::TypedResults;
using tests::TypedValues;
using enum DataType;

constexpr unsigned kSeed = 61;

struct Path {
  Isa isa;
  DataType type;
};

std::vector<Path> paths() {
  std::vector<Path> all;
  for (const Isa isa : {Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16}) {
    for (const DataType type : {kFloat32, kBFloat16, kFloat16}) all.push_back({isa, type});
  }
  return all;
}

std::string name_of(const Path& path) {
  static const char* const kTypes[] = {"f32", "bf16", "f16"};
  return std::string(jit::isa_name(path.isa)) + "_" + kTypes[static_cast<int>(path.type)];
}

struct Case {
  ConvProblem c;
  TypedValues x, w, bias;

  Case(ConvProblem problem, int64_t channels, DataType type, bool channels_last = true)
      : c(completed(problem, channels, type, channels_last)),
        x(type, c.images * channels * c.input_pixels(), kSeed + 1),
        w(type, channels * c.taps(), kSeed + 2),
        bias(type, channels, kSeed + 3) {}

  static ConvProblem completed(ConvProblem c, int64_t channels, DataType type, bool channels_last) {
    c.channels = c.outputs = c.groups = channels;
    c.channels_last = channels_last;
    c.input = c.multiply = c.output = type;
    return c;
  }
  Operands operands(const void* weight, void* y) const {
    return {x.data(), weight, c.has_bias ? bias.data() : nullptr, y, c.input, c.input};
  }
  size_t results() const { return static_cast<size_t>(c.images * c.outputs * c.pixels()); }
};

// In fp32; Y and what is packed end where readable memory does.
std::vector<float> run(const Case& k, Isa isa, const Parallel& parallel = Parallel(),
                       const Finish& finish = {}) {
  const auto layout = DepthwiseLayout::of(isa, k.c);
  std::vector<float> weight(static_cast<size_t>(k.c.channels * k.c.taps()));
  for (size_t i = 0; i < weight.size(); ++i) weight[i] = static_cast<float>(k.w.value(i));
  const GuardedBuffer<float> packed(static_cast<size_t>(layout.bytes()) / 4);
  layout.pack(weight.data(), packed.data());
  const TypedResults y(k.c.output, k.results());
  EXPECT_TRUE(run_depthwise(k.c, k.operands(packed.data(), y.data()), finish, isa, parallel));
  EXPECT_TRUE(y.slack_untouched());
  return y.values();
}

// What the twin gives, not rounded to 16 bits.
std::vector<float> exact(const Case& k) {
  std::vector<float> result(k.results());
  ConvProblem c = k.c;
  c.output = kFloat32;
  reference(c, k.operands(k.w.data(), result.data()));
  return result;
}

std::string text(const ConvProblem& c) {
  std::string s = std::to_string(c.images) + " x " + std::to_string(c.channels);
  for (const Extent* e : {&c.size, &c.kernel, &c.stride, &c.padding, &c.dilation}) {
    s += ", ";
    for (const int64_t value : *e) s += std::to_string(value) + " ";
  }
  return s;
}

// The epilogue's meaning applied to what the twin gives. A sum of K products errs by at most
// 2 eps (1 + sqrt(K)) (|X|.|W| + |bias|); then what the epilogue makes of it, and half an ulp of
// Y's own type.
int64_t expect_close(Case& k, Isa isa, const jit::Epilogue& e = {}, const void* o = nullptr,
                     const TypedValues* other = nullptr) {
  const std::vector<float> y = run(k, isa, Parallel(), {e, o}), sums = exact(k);
  for (TypedValues* operand : {&k.x, &k.w, &k.bias}) operand->take_magnitudes();
  const std::vector<float> scales = exact(k);
  constexpr double kEps = std::numeric_limits<float>::epsilon();
  const double half_ulp = k.c.output == kFloat32    ? kEps
                          : k.c.output == kBFloat16 ? 0x1p-8
                                                    : 0x1p-11;
  const double smallest = k.c.output == kFloat16 ? 0x1p-25 : 0x1p-40;
  for (size_t i = 0; i < y.size(); ++i) {
    const double addend = other ? other->value(i) : 0;
    const double of_sum = 2 * kEps * (1 + std::sqrt(double(k.c.taps()))) * scales[i];
    const auto [value, error] = tests::finished(e, sums[i], of_sum, addend);
    if (!(std::fabs(y[i] - value) <= error + half_ulp * std::fabs(value) * 1.01 + smallest)) {
      ADD_FAILURE() << jit::isa_name(isa) << " " << text(k.c) << jit::activation_name(e.activation)
                    << jit::combine_name(e.combine) << " element " << i << ": " << y[i]
                    << ", expected " << value;
      break;
    }
  }
  return static_cast<int64_t>(y.size());
}

class DepthwiseJit : public testing::TestWithParam<Path> {
 protected:
  void SetUp() override { tests::make_runnable(GetParam().isa); }
  bool native() const { return tests::runs_natively(GetParam().isa); }
  // Fewer where every instruction is interpreted.
  template <class T>
  std::vector<T> pick(std::vector<T> all, std::vector<T> emulated) const {
    return native() ? all : emulated;
  }
};

struct Shape {
  Extent kernel, stride{1, 1, 1}, padding{0, 0, 0}, dilation{1, 1, 1};
};

TEST_P(DepthwiseJit, AgreesWithTheReferenceAroundEveryEdge) {
  const std::vector<Shape> shapes = {
      {{1, 3, 3}, {1, 1, 1}, {0, 1, 1}},
      {{1, 3, 3}, {1, 2, 2}, {0, 1, 1}},
      {{1, 5, 5}, {1, 1, 1}, {0, 2, 2}},
      {{1, 5, 5}, {1, 2, 2}, {0, 2, 2}},
      {{1, 3, 3}, {1, 1, 1}, {0, 0, 0}},
      {{1, 3, 3}, {1, 1, 1}, {0, 2, 2}, {1, 2, 2}},
      {{1, 3, 3}, {1, 2, 2}, {0, 4, 4}, {1, 3, 4}},
      {{1, 2, 4}, {1, 3, 3}, {0, 1, 3}},
      {{1, 7, 7}, {1, 1, 1}, {0, 3, 3}},
      {{1, 1, 9}, {1, 1, 1}, {0, 0, 4}},
      {{1, 4, 1}, {1, 1, 2}, {0, 2, 0}},
      {{1, 1, 1}, {1, 1, 1}, {0, 0, 0}},
      {{3, 3, 2}, {2, 1, 1}, {1, 1, 1}},
      {{1, 2, 13}, {1, 2, 2}, {0, 1, 12}},
      {{1, 3, 3}, {1, 1, 1}, {0, 5, 6}},  // results that lie over zeros alone
      {{1, 3, 3}, {1, 9, 11}, {0, 1, 1}},
  };
  const auto sizes = pick<Extent>(
      {{1, 1, 1}, {1, 3, 2}, {1, 7, 7}, {2, 5, 9}, {1, 4, 14}, {3, 3, 17}, {1, 2, 29}, {1, 3, 64}},
      {{1, 1, 1}, {1, 3, 2}, {2, 3, 7}, {1, 2, 23}});
  const auto widths = pick<int64_t>(
      {8, 9, 12, 15, 16, 17, 23, 24, 31, 32, 33, 40, 47, 48, 63, 64, 65, 100}, {8, 15, 16, 33, 40});
  int64_t compared = 0, cases = 0;
  for (const Shape& shape : shapes) {
    for (const Extent& size : sizes) {
      for (const int64_t channels : widths) {
        ConvProblem c{.images = 1 + cases % 3,
                      .size = size,
                      .kernel = shape.kernel,
                      .stride = shape.stride,
                      .padding = shape.padding,
                      .dilation = shape.dilation,
                      .has_bias = cases % 2 == 0};
        ++cases;
        if (std::min({c.out(0), c.out(1), c.out(2)}) < 1) continue;
        if (!native() && cases % 3 != 0) continue;
        Case k(c, channels, GetParam().type);
        compared += expect_close(k, GetParam().isa);
      }
    }
  }
  std::printf("%s: %ld elements compared, seed %u, %s\n", name_of(GetParam()).c_str(),
              static_cast<long>(compared), kSeed, tests::how(GetParam().isa));
}

TEST_P(DepthwiseJit, FinishesWhatItStores) {
  using jit::Combine;
  int number = 0;
  for (const jit::Activation activation : tests::kActivations) {
    for (const Combine combine :
         {Combine::kNone, Combine::kAdd, Combine::kMultiply, Combine::kAddThenActivate}) {
      for (const int64_t taps : {3, 5, 17}) {
        ++number;
        if (!native() && number % 7 != 0) continue;
        Case k({.images = 2,
                .size = {1, 5, 11},
                .kernel = {1, 2, taps},
                .padding = {0, 1, taps / 2},
                .has_bias = number % 4 != 0},
               number % 3 == 0 ? 19 : 40, GetParam().type);
        const DataType type = number % 2 == 0 ? kFloat32 : GetParam().type;
        const TypedValues other(type, static_cast<int64_t>(k.results()), kSeed + 4);
        jit::Epilogue e{.activation = activation, .combine = combine};
        if (combine != Combine::kNone) e.other = element_of(type);
        const bool combines = combine != Combine::kNone;
        expect_close(k, GetParam().isa, e, combines ? other.data() : nullptr,
                     combines ? &other : nullptr);
      }
    }
  }
}

TEST_P(DepthwiseJit, TurnsImagesOfPlanes) {
  for (const int64_t channels : {16, 19, 40}) {
    for (const int64_t stride : {1, 2}) {
      if (!native() && channels != 19) continue;
      Case k({.images = 2,
              .size = {1, 9, 11},
              .kernel = {1, 3, 3},
              .stride = {1, stride, stride},
              .padding = {0, 1, 1},
              .has_bias = true},
             channels, GetParam().type, /*channels_last=*/false);
      expect_close(k, GetParam().isa, {.activation = jit::Activation::kRelu}, nullptr, nullptr);
    }
  }
}

// What the zeros around the image are multiplied with does not show, what an image holds does.
TEST_P(DepthwiseJit, MultipliesNothingOutsideTheImage) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Case k({.size = {1, 3, 3}, .kernel = {1, 3, 3}, .padding = {0, 1, 1}}, 16, GetParam().type);
  std::vector<float> w(16 * 9, 1.0f), x(16 * 9, 1.0f);
  w[0] = kInfinity;               // of channel 0 under the first line and column
  x[4 * 16 + 1] = std::nanf("");  // in the middle of channel 1
  k.w.set(w), k.x.set(x);
  const std::vector<float> y = run(k, GetParam().isa);
  for (size_t pixel = 0; pixel < 9; ++pixel) {
    const bool inside = pixel / 3 > 0 && pixel % 3 > 0;
    EXPECT_EQ(std::isinf(y[pixel * 16]), inside) << pixel;
    EXPECT_TRUE(std::isnan(y[pixel * 16 + 1])) << pixel;
    EXPECT_TRUE(std::isfinite(y[pixel * 16 + 2])) << pixel;
  }
}

TEST_P(DepthwiseJit, IsInvariantToImagesAndThreads) {
  const auto run_backwards = [](int64_t tasks, void (*body)(void*, int64_t, int64_t), void* state) {
    for (int64_t i = tasks; i-- > 0;) body(state, i, i + 1);
  };
  for (const int64_t size : {5, 20, 70}) {
    if (size > 5 && !native()) continue;
    ConvProblem problem{.images = native() ? 4 : 2,
                        .size = {1, size, size},
                        .kernel = {1, 3, 3},
                        .padding = {0, 1, 1},
                        .has_bias = true};
    const Case all(problem, 150, GetParam().type);
    const std::vector<float> y = run(all, GetParam().isa);
    for (const int threads : {2, 6, 64}) {
      EXPECT_EQ(run(all, GetParam().isa, {threads, run_backwards}), y);
    }
    problem.images = 1;  // the values of the first image are those of the first of many
    const Case one(problem, 150, GetParam().type);
    const std::vector<float> first = run(one, GetParam().isa);
    EXPECT_TRUE(std::equal(first.begin(), first.end(), y.begin()));
  }
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, DepthwiseJit, testing::ValuesIn(paths()),
                         [](const auto& info) { return name_of(info.param); });

TEST(Depthwise, DeclinesWhatIsTooLarge) {
  for (const auto change :
       {+[](ConvProblem& c) { c.kernel[2] = 65; }, +[](ConvProblem& c) { c.stride[2] = 65; },
        +[](ConvProblem& c) { c.dilation[2] = 65; },
        +[](ConvProblem& c) { c.padding[2] = 100000; }}) {
    ConvProblem c{.size = {1, 1, 2000}, .kernel = {1, 1, 2}};
    change(c);
    const Case k(c, 16, kFloat32);
    std::vector<float> y(k.results());
    EXPECT_FALSE(run_depthwise(k.c, k.operands(k.w.data(), y.data()), {}, Isa::kAvx2, Parallel()));
  }
}

TEST(Depthwise, GeneratesTheLargestWindow) {
  for (const Isa isa : {Isa::kAvx2, Isa::kAvx512}) {
    for (const int64_t channels : {8, 16, 32}) {
      const auto tile = jit::depthwise_tile(isa, jit::kDepthwiseMost, channels);
      EXPECT_NE(jit::get_depthwise({.isa = isa,
                                    .element = jit::Element::kF32,
                                    .vectors = static_cast<uint8_t>(tile.vectors),
                                    .pixels = static_cast<uint8_t>(tile.pixels),
                                    .epilogue = {.activation = jit::Activation::kGelu,
                                                 .combine = jit::Combine::kAdd},
                                    .window = jit::kDepthwiseMost,
                                    .stride = jit::kDepthwiseMost,
                                    .dilation = jit::kDepthwiseMost}),
                nullptr)
          << channels;
    }
  }
}

TEST(Depthwise, PacksTheLastBlockWithTheLastChannel) {
  const Case k({.size = {1, 4, 4}, .kernel = {1, 1, 2}}, 19, kFloat32);
  const auto layout = DepthwiseLayout::of(Isa::kAvx2, k.c);
  ASSERT_EQ(layout.block, 16);
  ASSERT_EQ(layout.blocks, 2);
  std::vector<float> weight(19 * 2), packed(static_cast<size_t>(layout.bytes() / 4));
  for (size_t i = 0; i < weight.size(); ++i) weight[i] = static_cast<float>(i);
  layout.pack(weight.data(), packed.data());
  EXPECT_EQ(packed[15], 30);     // tap 0 of channel 15
  EXPECT_EQ(packed[16], 1);      // tap 1 of channel 0
  EXPECT_EQ(packed[32], 6);      // tap 0 of channel 3
  EXPECT_EQ(packed.back(), 37);  // tap 1 of channel 18
}

}  // namespace
}  // namespace stoker::kernels::conv
