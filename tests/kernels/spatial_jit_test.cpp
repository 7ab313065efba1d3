// Convolutions with larger windows, on generated kernels, against the reference twin at every ISA.
#include "kernels/conv/spatial.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "kernels/bfloat16.h"
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

constexpr unsigned kSeed = 53;

struct Path {
  Isa isa;
  GemmMath math;
  DataType x, w, y;
};

std::vector<Path> paths() {
  std::vector<Path> all;
  for (const Isa isa : {Isa::kAvx2, Isa::kAvx512}) {
    all.push_back({isa, GemmMath::kF32, kFloat32, kFloat32, kFloat32});
    all.push_back({isa, GemmMath::kBf16Wide, kBFloat16, kBFloat16, kBFloat16});
    all.push_back({isa, GemmMath::kBf16Wide, kFloat32, kFloat32, kFloat32});  // bf16 mode
    all.push_back({isa, GemmMath::kF16, kFloat16, kFloat16, kFloat16});
  }
  return all;
}

std::string name_of(const Path& path) {
  static const char* const kMath[] = {"f32", "bf16_wide", "bf16_dot", "f16"};
  return std::string(jit::isa_name(path.isa)) + "_" + kMath[static_cast<int>(path.math)] +
         (path.x == path.y && path.x == kFloat32 && path.math != GemmMath::kF32 ? "_of_f32" : "");
}

struct Case {
  ConvProblem c;
  Path path;
  Values x, w, bias;

  Case(ConvProblem problem, const Path& path, bool channels_last = true)
      : c(completed(problem, path, channels_last)),
        path(path),
        x(path.x, c.images * c.channels * c.input_pixels(), kSeed + 1),
        w(path.w, c.outputs * c.channels * c.taps(), kSeed + 2),
        bias(path.x, c.outputs, kSeed + 3) {}

  static ConvProblem completed(ConvProblem c, const Path& path, bool channels_last) {
    c.channels_last = channels_last;
    c.input = path.x;
    c.output = path.y;
    c.multiply = path.math == GemmMath::kF32   ? kFloat32
                 : path.math == GemmMath::kF16 ? kFloat16
                                               : kBFloat16;
    return c;
  }
  Operands operands(const void* weight, void* y) const {
    return {x.data(), weight, c.has_bias ? bias.data() : nullptr, y, path.w, path.x};
  }
  size_t results() const { return static_cast<size_t>(c.images * c.outputs * c.pixels()); }
  int64_t k() const { return c.channels * c.taps(); }
};

// The weight as the kernels want it: [output][tap][padded channel], then panels.
std::vector<char> packed_weight(const Case& k) {
  const int64_t padded = padded_channels(k.c, k.path.math), taps = k.c.taps();
  const auto layout = linear::Layout::of(k.path.isa, k.path.math);
  std::vector<float> turned(static_cast<size_t>(k.c.outputs * taps * padded), 0.0f);
  for (int64_t o = 0; o < k.c.outputs; ++o) {
    for (int64_t i = 0; i < k.c.channels; ++i) {
      for (int64_t t = 0; t < taps; ++t) {
        turned[static_cast<size_t>((o * taps + t) * padded + i)] =
            static_cast<float>(k.w.value(static_cast<size_t>((o * k.c.channels + i) * taps + t)));
      }
    }
  }
  Values typed(k.path.w, static_cast<int64_t>(turned.size()), 0);
  typed.set(turned);
  std::vector<char> packed(static_cast<size_t>(layout.bytes(k.c.outputs, taps * padded)));
  const linear::Matrix matrix{typed.data(), k.path.w, k.c.outputs, taps * padded, taps * padded, 1};
  EXPECT_TRUE(linear::pack(layout, matrix, packed.data(), Parallel()));
  return packed;
}

std::vector<float> run(const Case& k, const Parallel& parallel = Parallel(),
                       const Finish& finish = {}, int64_t l2_bytes = int64_t{1} << 20) {
  const TypedResults y(k.path.y, k.results());
  const std::vector<char> packed = packed_weight(k);
  const GuardedBuffer<char> weight(packed);
  EXPECT_TRUE(run_spatial(k.c, k.operands(weight.data(), y.data()), finish,
                          {k.path.isa, k.path.math, l2_bytes}, parallel));
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

std::string shape_of(const ConvProblem& c) {
  const auto text = [](const Extent& e) {
    return std::to_string(e[0]) + "x" + std::to_string(e[1]) + "x" + std::to_string(e[2]);
  };
  return std::to_string(c.images) + " x " + std::to_string(c.channels) + " -> " +
         std::to_string(c.outputs) + ", size " + text(c.size) + " window " + text(c.kernel) +
         " stride " + text(c.stride) + " padding " + text(c.padding) + " dilation " +
         text(c.dilation);
}

// The epilogue applied to what the twin gives. Sums: |error| <= 2 eps (1 + sqrt(K)) (|X|.|W| +
// |bias|); then what the epilogue makes of it, and half an ulp of Y's own type.
int64_t expect_close(Case& k, const jit::Epilogue& e = {}, int64_t l2_bytes = int64_t{1} << 20) {
  const auto count = static_cast<int64_t>(k.results());
  const DataType type = count % 2 == 0 ? kFloat32 : k.path.y;
  const bool combines = e.combine != jit::Combine::kNone;
  const Values other(type, count, kSeed + 4);
  Finish finish{e, combines ? other.data() : nullptr};
  finish.epilogue.other = element_of(type);
  const std::vector<float> y = run(k, Parallel(), finish, l2_bytes), sums = exact(k);
  for (Values* operand : {&k.x, &k.w, &k.bias}) operand->take_magnitudes();
  const std::vector<float> scales = exact(k);
  constexpr double kEps = std::numeric_limits<float>::epsilon();
  const double half_ulp = k.path.y == kFloat32 ? kEps : k.path.y == kBFloat16 ? 0x1p-8 : 0x1p-11;
  for (size_t i = 0; i < y.size(); ++i) {
    const double o = combines ? other.value(i) : 0;
    const double of_sum = 2 * kEps * (1 + std::sqrt(double(k.k()))) * scales[i];
    const auto [value, error] = tests::finished(e, sums[i], of_sum, o);
    if (!(std::fabs(y[i] - value) <= error + half_ulp * std::fabs(value) * 1.01 + 0x1p-24)) {
      ADD_FAILURE() << name_of(k.path) << jit::activation_name(e.activation)
                    << jit::combine_name(e.combine) << " " << shape_of(k.c) << " element " << i
                    << ": " << y[i] << ", expected " << value;
      break;
    }
  }
  return count;
}

class ConvSpatial : public testing::TestWithParam<Path> {
 protected:
  void SetUp() override { tests::make_runnable(GetParam().isa); }
  bool native() const { return tests::runs_natively(GetParam().isa); }
  // Fewer where every instruction is interpreted.
  template <class T>
  std::vector<T> pick(std::vector<T> all, std::vector<T> emulated) const {
    return native() ? all : emulated;
  }
};

TEST_P(ConvSpatial, AgreesWithTheReferenceAroundEveryTileEdge) {
  int64_t compared = 0, number = 0;
  for (int64_t width = 1; width <= (native() ? 27 : 9); ++width) {
    for (const int64_t height : pick<int64_t>({1, 2, 3, 7}, {2, 3})) {
      for (const int64_t channels : pick<int64_t>({1, 3, 4, 33}, {3})) {
        ++number;
        Case k({.images = 1 + number % 2,
                .channels = channels,
                .outputs = std::vector<int64_t>{1, 8, 9, 15, 16, 17, 40, 65}[number % 8],
                .size = {1, height, width},
                .kernel = {1, 3, 3},
                .padding = {0, 1, 1},
                .has_bias = number % 5 < 2},
               GetParam());
        compared += expect_close(k);
      }
    }
  }
  std::printf("%s: %ld elements compared, seed %u, %s\n", name_of(GetParam()).c_str(),
              static_cast<long>(compared), kSeed, tests::how(GetParam().isa));
}

TEST_P(ConvSpatial, KnowsEveryWindow) {
  struct Window {
    Extent size, kernel, stride, padding, dilation;
  };
  const auto windows = pick<Window>(
      {
          {{1, 23, 25}, {1, 7, 7}, {1, 2, 2}, {0, 3, 3}, {1, 1, 1}},
          {{1, 14, 15}, {1, 3, 3}, {1, 2, 2}, {0, 1, 1}, {1, 1, 1}},
          {{1, 11, 13}, {1, 3, 3}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}},
          {{1, 9, 12}, {1, 3, 3}, {1, 1, 1}, {0, 2, 2}, {1, 2, 2}},
          {{1, 9, 12}, {1, 3, 4}, {1, 2, 3}, {0, 4, 5}, {1, 3, 2}},
          {{1, 1, 31}, {1, 1, 5}, {1, 1, 1}, {0, 0, 2}, {1, 1, 1}},
          {{1, 31, 1}, {1, 5, 1}, {1, 1, 1}, {0, 2, 0}, {1, 1, 1}},
          {{1, 5, 5}, {1, 1, 1}, {1, 1, 1}, {0, 2, 3}, {1, 1, 1}},  // pixels that see nothing
          {{1, 4, 4}, {1, 3, 3}, {1, 3, 3}, {0, 4, 4}, {1, 2, 2}},
          {{1, 1, 1}, {1, 3, 3}, {1, 1, 1}, {0, 1, 1}, {1, 1, 1}},
          {{4, 5, 6}, {3, 3, 3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
          {{5, 6, 9}, {2, 3, 2}, {2, 1, 2}, {1, 0, 1}, {1, 2, 1}},
      },
      {
          {{1, 9, 8}, {1, 7, 7}, {1, 2, 2}, {0, 3, 3}, {1, 1, 1}},
          {{1, 5, 6}, {1, 3, 3}, {1, 1, 2}, {0, 2, 2}, {1, 2, 2}},
          {{3, 2, 4}, {2, 2, 2}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
      });
  for (const Window& w : windows) {
    for (const int64_t channels : pick<int64_t>({1, 3, 16, 50}, {3})) {
      for (const int64_t l2_bytes : {1 << 20, 1 << 10}) {  // in one part, and in many
        Case k({.images = 2,
                .channels = channels,
                .outputs = channels == 16 ? 48 : 21,
                .size = w.size,
                .kernel = w.kernel,
                .stride = w.stride,
                .padding = w.padding,
                .dilation = w.dilation,
                .has_bias = true},
               GetParam());
        expect_close(k, {}, l2_bytes);
      }
    }
  }
}

TEST_P(ConvSpatial, FinishesWhatItStores) {
  using jit::Combine;
  int number = 0;
  for (const jit::Activation activation : tests::kActivations) {
    for (const Combine combine :
         {Combine::kNone, Combine::kAdd, Combine::kMultiply, Combine::kAddThenActivate}) {
      for (const int64_t outputs : {19, 64}) {
        if (!native() && ++number % 7 != 0) continue;
        Case k({.images = outputs == 19 ? 1 : 2,
                .channels = 5,
                .outputs = outputs,
                .size = {1, 3, 7},
                .kernel = {1, 3, 3},
                .padding = {0, 1, 1},
                .has_bias = true},
               GetParam());
        const jit::Epilogue epilogue{.activation = activation, .combine = combine};
        expect_close(k, epilogue, outputs == 19 ? 1 << 10 : 1 << 20);
      }
    }
  }
}

// Sizes around the blocks that are turned together, and more images than are turned at a time.
TEST_P(ConvSpatial, TurnsImagesOfPlanes) {
  for (const int64_t channels : pick<int64_t>({3, 4, 9, 40}, {5})) {
    for (const int64_t width : pick<int64_t>({1, 7, 8, 13}, {9})) {
      Case k({.images = 2,
              .channels = channels,
              .outputs = channels + 12,
              .size = {1, 5, width},
              .kernel = {1, 3, 3},
              .padding = {0, 1, 1},
              .has_bias = true},
             GetParam(), /*channels_last=*/false);
      expect_close(k, {.activation = jit::Activation::kRelu});
    }
  }
  const int64_t side = native() ? 130 : 6;
  Case many({.images = 3,
             .channels = native() ? 8 : 3,
             .outputs = 9,
             .size = {1, side, side},
             .kernel = {1, 3, 3},
             .stride = {1, 2, 2},
             .padding = {0, 1, 1}},
            GetParam(), /*channels_last=*/false);
  expect_close(many);
}

TEST_P(ConvSpatial, KeepsNaNThroughRelu) {
  Case k({.channels = 4, .outputs = 16, .size = {1, 5, 5}, .kernel = {1, 3, 3}}, GetParam());
  std::vector<float> x(100, 1.0f);
  x[48] = std::numeric_limits<float>::quiet_NaN();  // the pixel in the middle: under every window
  k.x.set(x);
  for (const float y : run(k, Parallel(), {{.activation = jit::Activation::kRelu}})) {
    EXPECT_TRUE(std::isnan(y)) << y;
  }
}

TEST_P(ConvSpatial, IsInvariantToImagesAndThreads) {
  const auto run_backwards = [](int64_t tasks, void (*body)(void*, int64_t, int64_t), void* state) {
    for (int64_t i = tasks; i-- > 0;) body(state, i, i + 1);
  };
  for (const int64_t side : pick<int64_t>({5, 7, 30}, {5})) {
    ConvProblem problem{.images = native() ? 5 : 2,
                        .channels = 20,
                        .outputs = 40,
                        .size = {1, side, side},
                        .kernel = {1, 3, 3},
                        .padding = {0, 1, 1},
                        .has_bias = true};
    const Case all(problem, GetParam());
    const std::vector<float> y = run(all);
    EXPECT_EQ(run(all, {6, run_backwards}), y);
    problem.images = 1;  // the values of the first image are those of the first of many
    const std::vector<float> first = run(Case(problem, GetParam()));
    EXPECT_TRUE(std::equal(first.begin(), first.end(), y.begin()));
  }
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, ConvSpatial, testing::ValuesIn(paths()),
                         [](const auto& info) { return name_of(info.param); });

}  // namespace
}  // namespace stoker::kernels::conv
