// linear with every epilogue, against double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>
#include <vector>

#include "jit/isa.h"
#include "kernels/bfloat16.h"
#include "kernels/float16.h"
#include "kernels/linear/jit.h"
#include "kernels/linear/pack.h"
#include "tests/support/activations.h"
#include "tests/support/each_isa.h"
#include "tests/support/guarded_buffer.h"

namespace stoker::kernels::linear {
namespace {

using jit::Activation;
using jit::Combine;
using jit::Element;
using jit::Epilogue;
using jit::GemmMath;
using jit::Isa;
using tests::GuardedBuffer;

constexpr unsigned kSeed = 31;
constexpr int64_t kK = 24;

DataType type_of(Element element) {
  if (element == Element::kF32) return DataType::kFloat32;
  return element == Element::kF16 ? DataType::kFloat16 : DataType::kBFloat16;
}

// `values` as elements of a type, rows `ld` apart with poison between them, before a guard page.
class Typed {
 public:
  Typed(Element type, const std::vector<float>& values, int64_t columns, int64_t ld)
      : type_(type),
        columns_(columns),
        ld_(ld),
        rows_(static_cast<int64_t>(values.size()) / columns),
        bytes_(static_cast<size_t>(((rows_ - 1) * ld + columns) * jit::element_bytes(type)), 0x7F) {
    for (int64_t row = 0; row < rows_; ++row) {
      const float* from = values.data() + row * columns;
      if (type == Element::kF32) std::copy(from, from + columns, at<float>(row));
      if (type == Element::kBf16) narrow_row(from, at<bf16>(row), columns);
      if (type == Element::kF16) narrow_f16_row(from, at<f16>(row), columns);
    }
  }
  void* data() { return bytes_.data(); }
  std::vector<float> values() {
    std::vector<float> all(static_cast<size_t>(rows_ * columns_));
    for (int64_t row = 0; row < rows_; ++row) {
      float* to = all.data() + row * columns_;
      if (type_ == Element::kF32) std::copy(at<float>(row), at<float>(row) + columns_, to);
      if (type_ == Element::kBf16) widen_row(at<bf16>(row), to, columns_);
      if (type_ == Element::kF16) widen_f16_row(at<f16>(row), to, columns_);
    }
    return all;
  }
  // Is what lies between the rows as it was?
  bool gaps_untouched() {
    for (int64_t row = 0; row + 1 < rows_; ++row) {
      const char* p = at<char>(row) + columns_ * jit::element_bytes(type_);
      if (!std::all_of(p, static_cast<const char*>(at<char>(row + 1)),
                       [](char c) { return c == 0x7F; }))
        return false;
    }
    return true;
  }

 private:
  template <class T>
  T* at(int64_t row) {
    return reinterpret_cast<T*>(bytes_.data() + row * ld_ * jit::element_bytes(type_));
  }
  Element type_;
  int64_t columns_, ld_, rows_;
  GuardedBuffer<char> bytes_;
};

struct Operands64 {
  std::vector<float> x, w, bias, other;
};

Operands64 operands(int64_t m, int64_t n) {
  std::mt19937 random(kSeed);
  std::normal_distribution<float> normal;
  Operands64 o{std::vector<float>(m * kK), std::vector<float>(n * kK), std::vector<float>(n),
               std::vector<float>(m * n)};
  for (auto* values : {&o.x, &o.w, &o.bias, &o.other}) {
    for (float& value : *values) value = to_float(to_bf16(normal(random)));  // exact in fp16 too
  }
  return o;
}

struct Expected {
  double value, bound;
};

// What element (i, j) is, and how far from it the kernels may be: each step's error times what the
// next makes of it (no activation here steepens by more than 1.2), and the last rounding.
Expected expected(const Operands64& o, int64_t n, int64_t i, int64_t j, const Epilogue& e,
                  Element out, float alpha, float beta) {
  constexpr double kEps = std::numeric_limits<float>::epsilon();
  double sum = 0, size = 0;
  for (int64_t k = 0; k < kK; ++k) {
    const double product = static_cast<double>(o.x[i * kK + k]) * o.w[j * kK + k];
    sum += product;
    size += std::fabs(product);
  }
  if (e.scaled != 0) sum *= alpha, size *= std::fabs(alpha);
  double value = sum + o.bias[j];
  size += std::fabs(o.bias[j]);
  const double other = (e.scaled != 0 ? beta : 1.0) * o.other[i * n + j];
  if (e.combine == Combine::kAddThenActivate) value += other, size += std::fabs(other);
  double error = 4 * kEps * size;
  value = tests::activate(e.activation, value);
  error = 1.2 * error + 8 * kEps * (std::fabs(value) + kEps);
  if (e.combine == Combine::kAdd) value += other;
  if (e.combine == Combine::kMultiply)
    value *= o.other[i * n + j], error *= std::fabs(o.other[i * n + j]);
  error += 2 * kEps * (std::fabs(value) + std::fabs(other));
  const double half_ulp = out == Element::kF32    ? kEps
                          : out == Element::kBf16 ? 1.0 / 256
                                                  : 1.0 / 2048;
  return {value, error * 1.01 + std::fabs(value) * half_ulp + (out == Element::kF16 ? 6e-8 : 0)};
}

class LinearEpilogue : public testing::TestWithParam<Isa> {
 protected:
  void SetUp() override { tests::make_runnable(GetParam()); }

  // Runs one product and compares every element; the number of them.
  int64_t check(int64_t m, int64_t n, GemmMath math, Element out, const Epilogue& e) {
    const Operands64 o = operands(m, n);
    const JitOptions options{GetParam(), Layout::of(GetParam(), math), 1 << 20};
    const Element in = math == GemmMath::kF16 ? Element::kF16 : Element::kF32;
    Typed x(in, o.x, kK, kK + 3), w(in, o.w, kK, kK), bias(Element::kF32, o.bias, n, n);
    Typed other(e.other, o.other, n, n + 5), y(out, std::vector<float>(m * n), n, n + 2);
    const GuardedBuffer<char> packed(static_cast<size_t>(options.layout.bytes(n, kK)));
    const Matrix weight{w.data(), type_of(in), n, kK, kK, 1};
    EXPECT_TRUE(pack(options.layout, weight, packed.data(), Parallel()));
    Product p{.x = x.data(),
              .x_type = type_of(in),
              .ldx = kK + 3,
              .packed = packed.data(),
              .bias = bias.data(),
              .bias_type = DataType::kFloat32,
              .y = y.data(),
              .y_type = type_of(out),
              .ldy = n + 2,
              .m = m,
              .n = n,
              .k = kK};
    p.epilogue = e;
    if (e.combine != Combine::kNone) p.other = other.data(), p.ldo = n + 5;
    if (e.scaled != 0) p.alpha = 0.75f, p.beta = -1.25f;
    EXPECT_TRUE(run_jit(p, options, Parallel()));
    EXPECT_TRUE(y.gaps_untouched());
    const std::vector<float> got = y.values();
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        const Expected want = expected(o, n, i, j, e, out, p.alpha, p.beta);
        const float value = got[static_cast<size_t>(i * n + j)];
        if (!(std::fabs(value - want.value) <= want.bound)) {
          ADD_FAILURE() << m << "x" << n << jit::activation_name(e.activation)
                        << jit::combine_name(e.combine) << " other " << int(e.other) << " out "
                        << int(out) << " at " << i << "," << j << ": " << value << ", expected "
                        << want.value << " within " << want.bound;
          return 0;
        }
      }
    }
    return m * n;
  }
};

std::vector<GemmMath> maths(Isa isa) {
  std::vector<GemmMath> all{GemmMath::kF32, GemmMath::kBf16Wide, GemmMath::kF16};
  if (isa >= Isa::kAvx512Bf16) all.push_back(GemmMath::kBf16Dot);
  if (isa >= Isa::kAmx) all.push_back(GemmMath::kBf16Amx);
  return all;
}
constexpr Element kElements[] = {Element::kF32, Element::kBf16, Element::kF16};

TEST_P(LinearEpilogue, EveryActivationAndCombinationAgreesWithDouble) {
  int64_t compared = 0;
  for (const GemmMath math : maths(GetParam())) {
    for (const Activation activation : tests::kActivations) {
      for (const Combine combine :
           {Combine::kNone, Combine::kAdd, Combine::kMultiply, Combine::kAddThenActivate}) {
        for (const int64_t m : {1, 7, 20}) {
          const Element out = kElements[m % 3];
          const Epilogue e{.activation = activation, .combine = combine, .other = kElements[m / 7]};
          for (const int64_t n : {64, 70}) compared += check(m, n, math, out, e);
        }
      }
    }
  }
  std::printf("%s epilogues, %s: %ld elements compared with double, seed %u\n",
              jit::isa_name(GetParam()), tests::how(GetParam()), static_cast<long>(compared),
              kSeed);
}

TEST_P(LinearEpilogue, ScalesTheSumAndTheOther) {
  for (const GemmMath math : maths(GetParam())) {
    for (const Element out : kElements) {
      for (const Combine combine : {Combine::kNone, Combine::kAdd, Combine::kAddThenActivate}) {
        const Epilogue e{.activation = Activation::kTanh, .combine = combine, .scaled = 1};
        check(9, 33, math, out, e);
      }
    }
  }
}

TEST_P(LinearEpilogue, TheOtherMayBeTheResultItself) {
  const int64_t m = 11, n = 37;
  const Operands64 o = operands(m, n);
  const JitOptions options{GetParam(), Layout::of(GetParam(), GemmMath::kF32), 1 << 20};
  const GuardedBuffer<char> packed(static_cast<size_t>(options.layout.bytes(n, kK)));
  const GuardedBuffer<float> x(o.x), w(o.w), bias(o.bias), y(o.other);
  const Matrix weight{w.data(), DataType::kFloat32, n, kK, kK, 1};
  EXPECT_TRUE(pack(options.layout, weight, packed.data(), Parallel()));
  const Epilogue e{.activation = Activation::kSilu, .combine = Combine::kAdd};
  const Product p{.x = x.data(),
                  .x_type = DataType::kFloat32,
                  .ldx = kK,
                  .packed = packed.data(),
                  .bias = bias.data(),
                  .bias_type = DataType::kFloat32,
                  .y = y.data(),
                  .y_type = DataType::kFloat32,
                  .ldy = n,
                  .m = m,
                  .n = n,
                  .k = kK,
                  .epilogue = e,
                  .other = y.data(),
                  .ldo = n};
  ASSERT_TRUE(run_jit(p, options, Parallel()));
  for (int64_t i = 0; i < m * n; ++i) {
    const Expected want = expected(o, n, i / n, i % n, e, Element::kF32, 1, 1);
    ASSERT_NEAR(y.data()[i], want.value, want.bound);
  }
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, LinearEpilogue, testing::ValuesIn(tests::each_isa()),
                         [](const auto& info) { return jit::isa_name(info.param); });

}  // namespace
}  // namespace stoker::kernels::linear
