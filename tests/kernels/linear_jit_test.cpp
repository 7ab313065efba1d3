// Generated linear kernels against the reference twin, at every ISA this CPU has.
#include "kernels/linear/jit.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <cmath>
#include <cstdio>
#include <limits>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "jit/isa.h"
#include "kernels/bfloat16.h"
#include "kernels/float16.h"
#include "kernels/linear/linear.h"
#include "tests/support/each_isa.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/typed_values.h"

namespace stoker::kernels::linear {
namespace {

using jit::GemmMath;
using jit::Isa;
using tests::GuardedBuffer;

constexpr unsigned kSeed = 20;

struct Path {
  Isa isa;
  GemmMath math;
};

std::vector<Path> paths() {
  std::vector<Path> all;
  for (const Isa isa : {Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16}) {
    all.push_back({isa, GemmMath::kF32});
    all.push_back({isa, GemmMath::kBf16Wide});
    all.push_back({isa, GemmMath::kF16});
    if (isa >= Isa::kAvx512Bf16) all.push_back({isa, GemmMath::kBf16Dot});
  }
  all.push_back({Isa::kAmx, GemmMath::kBf16Amx});
  return all;
}

std::string name_of(const Path& path) {
  static const char* const kMath[] = {"f32", "bf16_wide", "bf16_dot", "f16", "bf16_amx"};
  return std::string(jit::isa_name(path.isa)) + "_" + kMath[static_cast<int>(path.math)];
}

struct Types {
  DataType x, w, y;
};

// One product; operands are kept as fp32 values that the types can hold.
struct Case {
  int64_t m, n, k;
  Types types;
  bool bias;
  std::vector<float> x, w, b;

  Case(int64_t m, int64_t n, int64_t k, Types types, bool bias)
      : m(m), n(n), k(k), types(types), bias(bias), x(m * k), w(n * k), b(n) {
    std::mt19937 random(kSeed);
    std::normal_distribution<float> normal;
    for (auto* values : {&x, &w, &b}) {
      for (float& value : *values) value = normal(random);
    }
    if (types.x != DataType::kFloat32) round(types.x, x), round(types.x, b);
    if (types.w != DataType::kFloat32) round(types.w, w);
  }
  static void round(DataType type, std::vector<float>& values) {
    const auto half = halves(type, values);
    values = widened(type, half);
  }
  static std::vector<uint16_t> halves(DataType type, const std::vector<float>& values) {
    std::vector<uint16_t> result(values.size());
    const auto count = static_cast<int64_t>(values.size());
    type == DataType::kFloat16 ? narrow_f16_row(values.data(), result.data(), count)
                               : narrow_row(values.data(), result.data(), count);
    return result;
  }
  static std::vector<float> widened(DataType type, const std::vector<uint16_t>& half) {
    std::vector<float> result(half.size());
    const auto count = static_cast<int64_t>(half.size());
    type == DataType::kFloat16 ? widen_f16_row(half.data(), result.data(), count)
                               : widen_row(half.data(), result.data(), count);
    return result;
  }
};

// Values of either type, ending where readable memory ends.
struct Guarded {
  GuardedBuffer<float> floats;
  GuardedBuffer<uint16_t> half;
  const void* data;

  Guarded(DataType type, const std::vector<float>& values)
      : floats(type == DataType::kFloat32 ? values : std::vector<float>()),
        half(type == DataType::kFloat32 ? std::vector<uint16_t>() : Case::halves(type, values)),
        data(type == DataType::kFloat32 ? static_cast<const void*>(floats.data()) : half.data()) {}
};

std::vector<char> packed(const Case& c, const Layout& layout) {
  const GuardedBuffer<char> result(static_cast<size_t>(layout.bytes(c.n, c.k)), 'P');
  const Guarded weight(c.types.w, c.w);
  const Matrix matrix{weight.data, c.types.w, c.n, c.k, c.k, 1};
  EXPECT_TRUE(pack(layout, matrix, result.data(), Parallel()));
  return result.values();
}

JitOptions options(const Path& path, int64_t l2_bytes = 1 << 20) {
  return {path.isa, Layout::of(path.isa, path.math), l2_bytes};
}

// Runs the generated kernels. Reading or writing past any operand is a fault; what is written
// before Y is noticed.
std::vector<float> run(const Case& c, const JitOptions& o, const Parallel& parallel = Parallel()) {
  const Guarded x(c.types.x, c.x), b(c.types.x, c.b);
  const GuardedBuffer<char> w(packed(c, o.layout));
  const tests::TypedResults y(c.types.y, static_cast<size_t>(c.m * c.n));
  const Product product{.x = x.data,
                        .x_type = c.types.x,
                        .ldx = c.k,
                        .packed = w.data(),
                        .bias = c.bias ? b.data : nullptr,
                        .bias_type = c.types.x,
                        .y = y.data(),
                        .y_type = c.types.y,
                        .ldy = c.n,
                        .m = c.m,
                        .n = c.n,
                        .k = c.k};
  EXPECT_TRUE(run_jit(product, o, parallel));
  EXPECT_TRUE(y.slack_untouched());
  return y.values();
}

// |error| <= 2 eps sqrt(K) |x|.|w|, and half an ulp of bf16 where the result is rounded to it.
int64_t expect_close(const Case& c, const Path& path, const std::vector<float>& y) {
  Case r = c;
  // fp32 operands of a bf16 product; for others this changes nothing.
  const DataType type = path.math == GemmMath::kF16 ? DataType::kFloat16 : DataType::kBFloat16;
  if (path.math != GemmMath::kF32) Case::round(type, r.x), Case::round(type, r.w);
  std::vector<float> exact(y.size()), scale(y.size());
  reference({r.x.data(), r.w.data(), c.bias ? r.b.data() : nullptr, exact.data(), c.m, c.n, c.k,
             c.k, c.k, c.n});
  for (auto* values : {&r.x, &r.w, &r.b}) {
    for (float& value : *values) value = std::fabs(value);
  }
  reference({r.x.data(), r.w.data(), c.bias ? r.b.data() : nullptr, scale.data(), c.m, c.n, c.k,
             c.k, c.k, c.n});
  const float eps = std::numeric_limits<float>::epsilon() * 2 * (1 + std::sqrt(float(c.k)));
  for (size_t i = 0; i < y.size(); ++i) {
    const float rounding = c.types.y == DataType::kFloat32    ? 0.0f
                           : c.types.y == DataType::kBFloat16 ? std::fabs(exact[i]) / 256
                                                              : std::fabs(exact[i]) / 2048;
    if (!(std::fabs(y[i] - exact[i]) <= eps * scale[i] + rounding)) {
      ADD_FAILURE() << name_of(path) << " " << c.m << "x" << c.n << "x" << c.k << " element " << i
                    << ": " << y[i] << ", expected " << exact[i];
      break;
    }
  }
  return static_cast<int64_t>(y.size());
}

std::vector<Types> types_for(GemmMath math) {
  constexpr auto kF = DataType::kFloat32, kH = DataType::kBFloat16;
  constexpr auto kF16 = DataType::kFloat16;
  if (math == GemmMath::kF32) return {{kF, kF, kF}};
  if (math == GemmMath::kF16) return {{kF16, kF16, kF16}};
  return {{kH, kH, kH}, {kF, kF, kF}, {kF, kF, kH}};
}

class LinearJit : public testing::TestWithParam<Path> {
 protected:
  void SetUp() override { tests::make_runnable(GetParam().isa); }
  // Fewer sizes where every instruction is interpreted.
  std::vector<int64_t> sizes(std::vector<int64_t> native, std::vector<int64_t> emulated) const {
    return tests::runs_natively(GetParam().isa) ? native : emulated;
  }
};

TEST_P(LinearJit, AgreesWithTheReferenceAroundEveryBlockEdge) {
  int64_t compared = 0;
  for (const Types& types : types_for(GetParam().math)) {
    for (const int64_t m : sizes({1, 2, 5, 6, 7, 14, 15, 29, 43}, {1, 6, 15, 29, 43})) {
      for (const int64_t n :
           sizes({1, 15, 16, 17, 31, 33, 63, 64, 65, 130}, {1, 16, 33, 64, 65, 130})) {
        for (const int64_t k : {0, 1, 2, 3, 7, 8, 33, 100}) {
          const Case c(m, n, k, types, (m + n + k) % 2 == 0);
          compared += expect_close(c, GetParam(), run(c, options(GetParam())));
        }
      }
    }
  }
  std::printf("%s: %ld elements compared, seed %u, %s\n", name_of(GetParam()).c_str(),
              static_cast<long>(compared), kSeed, tests::how(GetParam().isa));
}

// The same row gives the same bits in every product, however it is cut and spread over threads.
TEST_P(LinearJit, IsInvariantToTheBatch) {
  const auto run_backwards = [](int64_t tasks, void (*body)(void*, int64_t, int64_t), void* state) {
    for (int64_t i = tasks; i-- > 0;) body(state, i, i + 1);
  };
  for (const Types& types : types_for(GetParam().math)) {
    const int64_t n = 70, k = 301;
    const Case whole(130, n, k, types, true);
    const std::vector<float> all = run(whole, options(GetParam()));
    for (int64_t m = 1; m < 130; m += m < 32 ? 1 : 7) {
      Case part = whole;
      part.m = m;
      part.x.resize(static_cast<size_t>(m * k));
      const bool threaded = m % 2 == 0;
      // A small cache cuts k into parts.
      const auto y = run(part, options(GetParam(), m % 3 == 0 ? 1 << 16 : 1 << 20),
                         threaded ? Parallel{4, run_backwards} : Parallel());
      for (size_t i = 0; i < y.size(); ++i) {
        ASSERT_EQ(y[i], all[i]) << name_of(GetParam()) << " m " << m << " element " << i;
      }
    }
  }
}

TEST_P(LinearJit, CutsALongKIntoParts) {
  const auto run_in_threes = [](int64_t tasks, void (*body)(void*, int64_t, int64_t), void* state) {
    for (int64_t i = 0; i < tasks; i += 3) body(state, i, std::min(i + 3, tasks));
  };
  for (const Types& types : types_for(GetParam().math)) {
    for (const int64_t k : {512, 1025, 5632}) {
      const Case c(23, 72, k, types, true);
      expect_close(c, GetParam(), run(c, options(GetParam(), 1 << 17)));
    }
    // A task may begin at any panel.
    const Case wide(30, 200, 512, types, true);
    const auto alone = run(wide, options(GetParam(), 1 << 15));
    expect_close(wide, GetParam(), alone);
    EXPECT_EQ(run(wide, options(GetParam(), 1 << 15), Parallel{3, run_in_threes}), alone);
  }
}

TEST_P(LinearJit, PassesNanAndInfinityOn) {
  for (const Types& types : types_for(GetParam().math)) {
    Case c(3, 20, 9, types, false);
    c.x[0] = std::numeric_limits<float>::quiet_NaN();
    c.x[9] = std::numeric_limits<float>::infinity();
    std::fill(c.w.begin(), c.w.end(), 1.0f);
    const auto y = run(c, options(GetParam()));
    for (int i = 0; i < 20; ++i) {
      EXPECT_TRUE(std::isnan(y[i]));
      EXPECT_EQ(y[20 + i], std::numeric_limits<float>::infinity());
      EXPECT_TRUE(std::isfinite(y[40 + i]));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, LinearJit, testing::ValuesIn(paths()),
                         [](const auto& info) { return name_of(info.param); });

}  // namespace
}  // namespace stoker::kernels::linear
