// Convolutions with a window of one pixel, on generated kernels, against the reference twin at
// every ISA; and the twin itself on an image one can do by hand.
#include "kernels/conv/jit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "kernels/bfloat16.h"
#include "kernels/conv/table.h"
#include "kernels/float16.h"
#include "kernels/linear/pack.h"
#include "tests/support/activations.h"
#include "tests/support/each_isa.h"
#include "tests/support/finished.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/typed_values.h"

namespace stoker::kernels::conv {
namespace {

using jit::GemmMath;
using jit::Isa;
using tests::GuardedBuffer;
using tests::TypedResults;
using Values = tests::TypedValues;
using enum DataType;

constexpr unsigned kSeed = 47;

struct Path {
  Isa isa;
  GemmMath math;
};

std::vector<Path> paths() {
  std::vector<Path> all;
  for (const Isa isa : {Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16}) {
    for (const GemmMath math : {GemmMath::kF32, GemmMath::kBf16Wide, GemmMath::kF16}) {
      all.push_back({isa, math});
    }
    if (isa >= Isa::kAvx512Bf16) all.push_back({isa, GemmMath::kBf16Dot});
  }
  return all;
}

std::string name_of(const Path& path) {
  static const char* const kMath[] = {"f32", "bf16_wide", "bf16_dot", "f16"};
  return std::string(jit::isa_name(path.isa)) + "_" + kMath[static_cast<int>(path.math)];
}

struct Types {
  DataType x, w, bias, y;
};

std::vector<Types> types_for(GemmMath math) {
  if (math == GemmMath::kF32) return {{kFloat32, kFloat32, kFloat32, kFloat32}};
  if (math == GemmMath::kF16) return {{kFloat16, kFloat16, kFloat16, kFloat16}};
  return {{kBFloat16, kBFloat16, kBFloat16, kBFloat16},  // and bf16 mode, and autocast:
          {kFloat32, kFloat32, kFloat32, kFloat32},
          {kBFloat16, kFloat32, kBFloat16, kBFloat16}};
}

struct Case {
  ConvProblem c;
  Types types;
  Values x, w, bias;

  Case(ConvProblem problem, const Types& types, GemmMath math)
      : c(with_types(problem, types, math)),
        types(types),
        x(types.x, c.images * c.channels * c.input_pixels(), kSeed + 1),
        w(types.w, c.outputs * c.channels, kSeed + 2),
        bias(types.bias, c.outputs, kSeed + 3) {}

  static ConvProblem with_types(ConvProblem c, const Types& types, GemmMath math) {
    c.input = types.x;
    c.output = types.y;
    c.multiply = math == GemmMath::kF32 ? kFloat32 : math == GemmMath::kF16 ? kFloat16 : kBFloat16;
    return c;
  }
  Operands operands(const void* weight, void* y) const {
    return {x.data(), weight, c.has_bias ? bias.data() : nullptr, y, types.w, types.bias};
  }
  size_t results() const { return static_cast<size_t>(c.images * c.outputs * c.pixels()); }
};

std::vector<float> run(const Case& k, const Path& path, const Parallel& parallel = Parallel(),
                       const Finish& finish = {}) {
  const TypedResults y(k.types.y, k.results());
  const auto layout = linear::Layout::of(path.isa, path.math);
  const GuardedBuffer<char> packed(static_cast<size_t>(layout.bytes(k.c.outputs, k.c.channels)));
  const linear::Matrix matrix{k.w.data(), k.types.w, k.c.outputs, k.c.channels, k.c.channels, 1};
  EXPECT_TRUE(linear::pack(layout, matrix, packed.data(), Parallel()));
  const void* const weight = k.c.packs_weight() ? packed.data() : k.w.data();
  EXPECT_TRUE(run_jit(k.c, k.operands(weight, y.data()), finish,
                      {path.isa, path.math, int64_t{1} << 20}, parallel));
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

// |error| <= 2 eps (1 + sqrt(K)) (|X|.|W| + |bias|), and half an ulp of Y's own type.
int64_t expect_close(Case& k, const Path& path) {
  const std::vector<float> y = run(k, path), wanted = exact(k);
  for (Values* operand : {&k.x, &k.w, &k.bias}) operand->take_magnitudes();
  const std::vector<float> scales = exact(k);
  const float eps =
      std::numeric_limits<float>::epsilon() * 2 * (1 + std::sqrt(float(k.c.channels)));
  const float half_ulp = k.types.y == kFloat32 ? 0.0f : k.types.y == kBFloat16 ? 0x1p-8f : 0x1p-11f;
  const float smallest = k.types.y == kFloat16 ? 0x1p-25f : 0.0f;
  for (size_t i = 0; i < y.size(); ++i) {
    const float bound = eps * scales[i] + half_ulp * std::fabs(wanted[i]) * 1.01f + smallest;
    if (!(std::fabs(y[i] - wanted[i]) <= bound)) {
      ADD_FAILURE() << name_of(path) << " " << k.c.images << " x " << k.c.channels << " -> "
                    << k.c.outputs << ", " << k.c.size[0] << "x" << k.c.size[1] << "x"
                    << k.c.size[2] << (k.c.channels_last ? " last" : " first") << " element " << i
                    << ": " << y[i] << ", expected " << wanted[i];
      break;
    }
  }
  return static_cast<int64_t>(y.size());
}

// The fused part of an epilogue, applied to what the twin gives; the bound takes each step's error
// times what the next makes of it (no activation steepens by more than 1.2).
void expect_close_fused(Case& k, const Path& path, const jit::Epilogue& wanted) {
  const jit::Epilogue e = fused_part(k.c, wanted);
  const auto count = static_cast<int64_t>(k.results());
  const DataType type = count % 2 == 0 ? kFloat32 : k.types.y;
  const Values other(type, count, kSeed + 4);
  Finish finish{e, e.combine == jit::Combine::kNone ? nullptr : other.data()};
  finish.epilogue.other = element_of(type);
  const std::vector<float> y = run(k, path, Parallel(), finish), sums = exact(k);
  for (Values* operand : {&k.x, &k.w, &k.bias}) operand->take_magnitudes();
  const std::vector<float> scales = exact(k);
  constexpr double kEps = std::numeric_limits<float>::epsilon();
  const double half_ulp = k.types.y == kFloat32 ? kEps : k.types.y == kBFloat16 ? 0x1p-8 : 0x1p-11;
  for (size_t i = 0; i < y.size(); ++i) {
    const double o = e.combine == jit::Combine::kNone ? 0 : other.value(i);
    const double of_sum = 2 * kEps * (1 + std::sqrt(double(k.c.channels))) * scales[i];
    const auto [value, error] = tests::finished(e, sums[i], of_sum, o);
    ASSERT_LE(std::fabs(y[i] - value), error + half_ulp * std::fabs(value) * 1.01 + 0x1p-24)
        << name_of(path) << jit::activation_name(e.activation) << jit::combine_name(e.combine)
        << (k.c.channels_last ? " last" : " first") << " element " << i << ": " << y[i];
  }
}

class ConvJit : public testing::TestWithParam<Path> {
 protected:
  void SetUp() override { tests::make_runnable(GetParam().isa); }
  bool native() const { return tests::runs_natively(GetParam().isa); }
  // Fewer where every instruction is interpreted.
  template <class T>
  std::vector<T> pick(std::vector<T> all, std::vector<T> emulated) const {
    return native() ? all : emulated;
  }
};

TEST_P(ConvJit, AgreesWithTheReferenceAroundEveryBlockEdge) {
  int64_t compared = 0, number = 0;
  const auto sizes = pick<Extent>({{1, 1, 1},
                                   {1, 1, 7},
                                   {1, 1, 8},
                                   {1, 3, 3},
                                   {1, 7, 7},
                                   {1, 9, 14},
                                   {2, 5, 3},
                                   {3, 4, 17},
                                   {1, 17, 19}},
                                  {{1, 1, 1}, {1, 4, 5}, {2, 3, 7}, {1, 13, 21}});
  const auto strides = pick<Extent>({{1, 1, 1}, {1, 2, 2}, {1, 1, 3}, {2, 2, 1}, {3, 1, 2}},
                                    {{1, 1, 1}, {1, 2, 2}, {2, 1, 3}});
  for (const Types& types : types_for(GetParam().math)) {
    for (const int64_t channels : pick<int64_t>({1, 2, 3, 8, 33, 130}, {1, 9})) {
      for (const int64_t outputs : pick<int64_t>({1, 5, 6, 7, 16, 17, 65}, {1, 17, 65})) {
        for (const Extent& size : sizes) {
          for (const Extent& stride : strides) {
            ++number;
            Case k({.images = 1 + number % 3,
                    .channels = channels,
                    .outputs = outputs,
                    .size = size,
                    .stride = stride,
                    .channels_last = number % 2 == 0,
                    .has_bias = number % 5 < 2},
                   types, GetParam().math);
            compared += expect_close(k, GetParam());
          }
        }
      }
    }
  }
  std::printf("%s: %ld elements compared, seed %u, %s\n", name_of(GetParam()).c_str(),
              static_cast<long>(compared), kSeed, tests::how(GetParam().isa));
}

// More pixels than are gathered at a time, more images than one.
TEST_P(ConvJit, GathersInParts) {
  if (!native()) return;
  for (const bool last : {false, true}) {
    Case k({.images = 2,
            .channels = 700,
            .outputs = 20,
            .size = {1, 41, 43},
            .stride = {1, 2, 2},
            .channels_last = last},
           types_for(GetParam().math)[0], GetParam().math);
    expect_close(k, GetParam());
  }
}

TEST_P(ConvJit, FinishesWhatItStores) {
  using jit::Combine;
  int number = 0;
  for (const jit::Activation activation : tests::kActivations) {
    for (const Combine combine :
         {Combine::kNone, Combine::kAdd, Combine::kMultiply, Combine::kAddThenActivate}) {
      // Rows, gathered rows, images turned, images of which nothing may be turned.
      for (const auto& [last, stride, side] :
           {std::tuple(true, 1, 3), {true, 2, 5}, {false, 1, 3}, {false, 1, 17}}) {
        if (!native() && ++number % 7 != 0) continue;
        const auto types = types_for(GetParam().math);
        Case k({.images = 2,
                .channels = 9,
                .outputs = 19,
                .size = {1, side, side},
                .stride = {1, stride, stride},
                .channels_last = last,
                .has_bias = true},
               types[static_cast<size_t>(side) % types.size()], GetParam().math);
        expect_close_fused(k, GetParam(), {.activation = activation, .combine = combine});
      }
    }
  }
}

TEST(ConvFinish, FusesWhatItsWayOfMultiplyingCan) {
  using jit::Activation, jit::Combine, jit::Epilogue;
  ConvProblem c{.channels = 4, .outputs = 4, .size = {1, 20, 20}, .channels_last = true};
  const Epilogue all{.activation = Activation::kRelu, .combine = Combine::kAddThenActivate};
  const Epilogue residual{.activation = Activation::kRelu, .combine = Combine::kAdd};
  EXPECT_EQ(fused_part(c, all), all);
  c.channels_last = false;
  EXPECT_EQ(fused_part(c, residual), Epilogue{});
  const auto fuses_what_is_turned = [&] {
    EXPECT_EQ(fused_part(c, residual), Epilogue{.activation = Activation::kRelu});
    EXPECT_EQ(fused_part(c, all), Epilogue{}) << "the sum comes first";
  };
  c.only_packed = true;
  fuses_what_is_turned();
  c.only_packed = false;
  c.kernel = {1, 3, 3};  // always packed
  fuses_what_is_turned();
}

TEST_P(ConvJit, IsInvariantToImagesAndThreads) {
  const auto run_backwards = [](int64_t tasks, void (*body)(void*, int64_t, int64_t), void* state) {
    for (int64_t i = tasks; i-- > 0;) body(state, i, i + 1);
  };
  const int64_t images = native() ? 5 : 2;
  for (const auto& [last, side] : {std::pair(false, 5), {false, 35}, {true, 9}}) {
    for (const int64_t stride : {1, 2}) {
      if (side == 35 && !native()) continue;
      ConvProblem problem{.images = images,
                          .channels = 50,
                          .outputs = 40,
                          .size = {1, side, side},
                          .stride = {1, stride, stride},
                          .channels_last = last,
                          .has_bias = true};
      const Types types = types_for(GetParam().math)[0];
      const Case all(problem, types, GetParam().math);
      const std::vector<float> y = run(all, GetParam());
      EXPECT_EQ(run(all, GetParam(), {6, run_backwards}), y);
      problem.images = 1;  // the values of the first image are those of the first of many
      const Case one(problem, types, GetParam().math);
      const std::vector<float> first = run(one, GetParam());
      EXPECT_TRUE(std::equal(first.begin(), first.end(), y.begin()));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, ConvJit, testing::ValuesIn(paths()),
                         [](const auto& info) { return name_of(info.param); });

TEST(ConvReference, SlidesItsWindowOverGroupsAndZeros) {
  // One image of 2 channels, 1 x 4; window 3 wide, 2 apart, one zero on each side, two groups.
  const std::vector<float> x = {1, 2, 3, 4, 10, 20, 30, 40}, w = {1, 100, 10000, 2, 0, 3};
  const std::vector<float> bias = {0.5f, 0};
  ConvProblem c{.channels = 2,
                .outputs = 2,
                .groups = 2,
                .size = {1, 1, 4},
                .kernel = {1, 1, 3},
                .padding = {0, 0, 1},
                .has_bias = true};
  std::vector<float> y(8);
  reference(c, {x.data(), w.data(), bias.data(), y.data()});
  EXPECT_EQ(y, (std::vector<float>{20100.5f, 30201.5f, 40302.5f, 403.5f, 60, 110, 160, 60}));
  c.stride = {1, 1, 2}, c.dilation = {1, 1, 2}, c.channels_last = true;
  ASSERT_EQ(c.pixels(), 1);
  reference(c, {x.data(), w.data(), bias.data(), y.data()});
  // Rows of channels (1, 2), (3, 4), (10, 20), (30, 40) under taps at -1, 1 and 3.
  EXPECT_EQ(y[0], 300 + 300000 + 0.5f);
  EXPECT_EQ(y[1], 3 * 40);
}

TEST(ConvProblem, KnowsItsWindow) {
  const ConvProblem point{.images = 3, .channels = 8, .outputs = 6, .size = {1, 5, 5}};
  EXPECT_EQ(point.window(), Window::kPoint);
  const auto with = [&](auto change) {
    ConvProblem c = point;
    change(c);
    return c.window();
  };
  EXPECT_EQ(with([](auto& c) { c.stride[1] = 2; }), Window::kStrided);
  EXPECT_EQ(with([](auto& c) { c.stride[1] = 2, c.size = {1, 1, 1}; }), Window::kPoint);
  EXPECT_EQ(with([](auto& c) { c.padding[2] = 1; }), Window::kSpatial);
  EXPECT_EQ(with([](auto& c) { c.kernel[2] = 3; }), Window::kSpatial);
  EXPECT_EQ(with([](auto& c) { c.groups = 2; }), Window::kGrouped);
  EXPECT_EQ(with([](auto& c) { c.groups = 8, c.outputs = 16; }), Window::kGrouped);
  EXPECT_EQ(with([](auto& c) { c.groups = c.outputs = 8; }), Window::kDepthwise);
  const MatmulProblem product = point.product();
  EXPECT_EQ(product.batch * product.m * product.n * product.k, 3 * 25 * 6 * 8);
  MatmulProblem one = product, several = product;
  several.window = Window::kSpatial;
  int spatial = 0;
  for (const Row& row : rows()) {
    one.output = several.output = row.multiply;
    const bool takes = row.unsupported(several) == nullptr;
    EXPECT_FALSE(takes && row.unsupported(one) == nullptr) << row.name;
    spatial += takes;
  }
  EXPECT_EQ(spatial, 3);  // one a type
}

}  // namespace
}  // namespace stoker::kernels::conv
