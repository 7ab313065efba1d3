// Generated batched products against the reference twin, at every ISA.
#include "kernels/matmul/jit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "jit/isa.h"
#include "kernels/bfloat16.h"
#include "kernels/float16.h"
#include "tests/support/each_isa.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/typed_values.h"

namespace stoker::kernels::matmul {
namespace {

using jit::GemmMath;
using jit::Isa;
using tests::GuardedBuffer;
using enum DataType;

constexpr unsigned kSeed = 31;
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

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
  DataType a, b, d, c;
};

std::vector<Types> types_for(GemmMath math) {
  if (math == GemmMath::kF32) return {{kFloat32, kFloat32, kFloat32, kFloat32}};
  if (math == GemmMath::kF16) return {{kFloat16, kFloat16, kFloat16, kFloat16}};
  return {{kBFloat16, kBFloat16, kBFloat16, kBFloat16},  // and bf16 mode, and autocast:
          {kFloat32, kFloat32, kFloat32, kFloat32},
          {kFloat32, kBFloat16, kFloat32, kBFloat16},
          {kBFloat16, kFloat32, kBFloat16, kBFloat16}};
}

DataType multiply_of(GemmMath math) {
  return math == GemmMath::kF32 ? kFloat32 : math == GemmMath::kF16 ? kFloat16 : kBFloat16;
}

struct Shape {
  int64_t batch, m, n, k;
};

// How an operand [batch, rows, columns] lies in memory.
struct Form {
  bool columns_first = false;          // the first of the two is the contiguous one
  int64_t row_gap = 0, batch_gap = 0;  // elements
  bool one_batch = false, one_row = false, one_column = false;  // expanded: stride 0
};

// Elements of an operand where readable memory ends; NaN in the gaps, which nobody may use.
class Tensor {
 public:
  Tensor(DataType type, Form form, int64_t batch, int64_t rows, int64_t columns, unsigned seed)
      : sizes_{batch, rows, columns} {
    const int64_t inner = form.columns_first ? rows : columns;
    const int64_t outer = form.columns_first ? columns : rows;
    const int64_t gap = inner + form.row_gap;
    operand_ = {nullptr, type, form.one_batch ? 0 : gap * outer + form.batch_gap,
                form.columns_first ? 1 : gap, form.columns_first ? gap : 1};
    if (form.one_row) operand_.row_stride = 0;
    if (form.one_column) operand_.col_stride = 0;
    std::vector<float> values(static_cast<size_t>(extent()), kNaN);
    std::mt19937 random(kSeed + seed);
    std::normal_distribution<float> normal;
    each([&](int64_t at) { values[static_cast<size_t>(at)] = normal(random); });
    set(values);
  }
  const Operand& operand() const { return operand_; }
  std::vector<float> values() const { return values_; }

  void set(const std::vector<float>& values) {
    values_ = values;
    const auto count = static_cast<int64_t>(values.size());
    floats_ = std::make_shared<GuardedBuffer<float>>(values);
    operand_.data = floats_->data();
    if (operand_.type == kFloat32) return;
    halves_ = std::make_shared<GuardedBuffer<uint16_t>>(values.size());
    operand_.data = halves_->data();
    operand_.type == kFloat16 ? narrow_f16_row(values.data(), halves_->data(), count)
                              : narrow_row(values.data(), halves_->data(), count);
    operand_.type == kFloat16 ? widen_f16_row(halves_->data(), values_.data(), count)
                              : widen_row(halves_->data(), values_.data(), count);
  }
  // The first `batch` entries and `rows` rows from `first` on, of the same memory.
  Operand part(int64_t first_batch, int64_t first_row) const {
    Operand o = operand_;
    const int64_t offset = first_batch * o.batch_stride + first_row * o.row_stride;
    o.data = static_cast<const char*>(o.data) + offset * (o.type == kFloat32 ? 4 : 2);
    return o;
  }

 private:
  template <class Function>
  void each(const Function& function) const {
    for (int64_t i = 0; i < sizes_[0]; ++i) {
      for (int64_t j = 0; j < sizes_[1]; ++j) {
        for (int64_t k = 0; k < sizes_[2]; ++k) {
          function(i * operand_.batch_stride + j * operand_.row_stride + k * operand_.col_stride);
        }
      }
    }
  }
  int64_t extent() const {
    int64_t last = -1;
    each([&](int64_t at) { last = std::max(last, at); });
    return last + 1;
  }

  int64_t sizes_[3];
  Operand operand_;
  std::vector<float> values_;
  std::shared_ptr<GuardedBuffer<float>> floats_;
  std::shared_ptr<GuardedBuffer<uint16_t>> halves_;
};

struct Case {
  Shape s;
  Types types;
  Tensor a, b, d;
  bool adds;
  float alpha = 1, beta = 1;

  Case(Shape s, Types types, Form a, Form b, bool adds = false, Form d = {})
      : s(s),
        types(types),
        a(types.a, a, s.batch, s.m, s.k, 1),
        b(types.b, b, s.batch, s.k, s.n, 2),
        d(types.d, d, s.batch, s.m, s.n, 3),
        adds(adds) {}

  Product product(GemmMath math, void* c) const {
    return {.a = a.operand(),
            .b = b.operand(),
            .d = adds ? d.operand() : Operand(),
            .c = c,
            .c_type = types.c,
            .multiply = multiply_of(math),
            .batch = s.batch,
            .m = s.m,
            .n = s.n,
            .k = s.k,
            .alpha = alpha,
            .beta = beta};
  }
};

// C of `product`, whose c it sets. Reading or writing past any operand is a fault; what is written
// before C is noticed.
std::vector<float> run(Product product, const Path& path, int64_t l2_bytes = 1 << 20,
                       const Parallel& parallel = Parallel()) {
  const tests::TypedResults c(product.c_type,
                              static_cast<size_t>(product.batch * product.m * product.n));
  product.c = c.data();
  EXPECT_TRUE(run_jit(product, {path.isa, path.math, l2_bytes}, parallel));
  EXPECT_TRUE(c.slack_untouched());
  return c.values();
}

std::vector<float> run(const Case& c, const Path& path, int64_t l2_bytes = 1 << 20,
                       const Parallel& parallel = Parallel()) {
  return run(c.product(path.math, nullptr), path, l2_bytes, parallel);
}

std::vector<float> magnitudes(std::vector<float> values) {
  for (float& value : values) value = std::fabs(value);
  return values;
}

// What the reference twin gives for `c`, not rounded to 16 bits.
std::vector<float> exact(Case c, const Path& path) {
  // Autocast rounds an fp32 D; without the rounding of C that has to be done here.
  if (c.types.d != c.types.c) {
    std::vector<float> d = c.d.values();
    round_row(d.data(), d.data(), static_cast<int64_t>(d.size()));
    c.d.set(d);
  }
  std::vector<float> result(static_cast<size_t>(c.s.batch * c.s.m * c.s.n));
  Product product = c.product(path.math, result.data());
  product.c_type = kFloat32;
  reference(product);
  return result;
}

std::vector<float> scale(Case c, const Path& path) {
  for (Tensor* operand : {&c.a, &c.b, &c.d}) operand->set(magnitudes(operand->values()));
  c.alpha = std::fabs(c.alpha);
  c.beta = std::fabs(c.beta);
  return exact(c, path);
}

// |error| <= 2 eps (1 + sqrt(K)) (|alpha| |A|.|B| + |beta D|), and half an ulp of C's own type.
int64_t expect_close(const Case& c, const Path& path, const std::vector<float>& y) {
  const std::vector<float> wanted = exact(c, path), scales = scale(c, path);
  const float eps = std::numeric_limits<float>::epsilon() * 2 * (1 + std::sqrt(float(c.s.k)));
  const float half_ulp = c.types.c == kFloat32 ? 0.0f : c.types.c == kBFloat16 ? 0x1p-8f : 0x1p-11f;
  for (size_t i = 0; i < y.size(); ++i) {
    const float smallest = c.types.c == kFloat16 ? 0x1p-25f : 0.0f;
    const float bound = eps * scales[i] + half_ulp * std::fabs(wanted[i]) * 1.01f + smallest;
    if (!(std::fabs(y[i] - wanted[i]) <= bound)) {
      ADD_FAILURE() << name_of(path) << " " << c.s.batch << ": " << c.s.m << "x" << c.s.n << "x"
                    << c.s.k << " element " << i << ": " << y[i] << ", expected " << wanted[i];
      break;
    }
  }
  return static_cast<int64_t>(y.size());
}

class MatmulJit : public testing::TestWithParam<Path> {
 protected:
  void SetUp() override { tests::make_runnable(GetParam().isa); }
  bool native() const { return tests::runs_natively(GetParam().isa); }
  // Fewer sizes where every instruction is interpreted.
  std::vector<int64_t> sizes(std::vector<int64_t> all, std::vector<int64_t> emulated) const {
    return native() ? all : emulated;
  }
};

constexpr Form kPlain{}, kGaps{.row_gap = 3, .batch_gap = 5}, kTransposed{.columns_first = true},
    kTransposedGaps{.columns_first = true, .row_gap = 2, .batch_gap = 7};

TEST_P(MatmulJit, AgreesWithTheReferenceAroundEveryBlockEdge) {
  int64_t compared = 0, number = 0;
  for (const Types& types : types_for(GetParam().math)) {
    for (const int64_t m : sizes({1, 2, 3, 5, 6, 7, 13, 29}, {1, 6, 15, 29})) {
      for (const int64_t n :
           sizes({1, 7, 8, 9, 16, 17, 24, 33, 63, 64, 65, 130}, {1, 16, 49, 130})) {
        for (const int64_t k : sizes({0, 1, 2, 3, 8, 33}, {0, 1, 8, 33})) {
          const Form b = std::vector{kPlain, kTransposed, kGaps, kTransposedGaps}[++number % 4];
          const Case c({1 + number % 5, m, n, k}, types, number % 3 ? kGaps : kPlain, b);
          compared += expect_close(c, GetParam(), run(c, GetParam()));
        }
      }
    }
  }
  std::printf("%s: %ld elements compared, seed %u, %s\n", name_of(GetParam()).c_str(),
              static_cast<long>(compared), kSeed, tests::how(GetParam().isa));
}

TEST_P(MatmulJit, AddsWhatItIsGiven) {
  const Form forms[] = {kPlain,
                        kGaps,
                        kTransposed,
                        {.one_row = true},
                        {.one_column = true},
                        {.one_batch = true, .one_row = true, .one_column = true}};
  for (const Types& types : types_for(GetParam().math)) {
    for (const Form& form : forms) {
      for (const int64_t n : sizes({1, 16, 40, 67}, {1, 16, 67})) {
        for (const int64_t k : sizes({0, 21, 400}, {0, 21})) {
          if (k == 400 && n != 40) continue;  // two parts of k: the references take long
          Case c({3, 13, n, k}, types, kPlain, kPlain, true, form);
          expect_close(c, GetParam(), run(c, GetParam()));
          c.alpha = 0.3f, c.beta = -1.7f;
          expect_close(c, GetParam(), run(c, GetParam()));
          c.adds = false;
          expect_close(c, GetParam(), run(c, GetParam()));
        }
      }
    }
  }
}

TEST_P(MatmulJit, RepeatsExpandedOperands) {
  for (const Types& types : types_for(GetParam().math)) {
    for (const Form& b : {Form{.one_batch = true}, Form{.columns_first = true, .one_batch = true},
                          Form{.one_row = true}, Form{.columns_first = true, .one_column = true}}) {
      const Case c({4, 9, 50, 35}, types, {.one_batch = true, .one_row = true}, b);
      expect_close(c, GetParam(), run(c, GetParam()));
    }
  }
}

TEST_P(MatmulJit, CutsALongKIntoParts) {
  for (const Types& types : types_for(GetParam().math)) {
    for (const int64_t k : sizes({384, 385, 769, 1200}, {385, 769})) {
      for (const Form& b : {kPlain, kTransposed}) {
        const Case c({2, k == 769 ? 1 : 27, 35, k}, types, kPlain, b, k == 385);
        expect_close(c, GetParam(), run(c, GetParam()));
      }
    }
  }
}

// Every element has the same bits in every product, however it is cut and spread over threads, and
// whichever way B lies.
TEST_P(MatmulJit, IsInvariantToTheBatch) {
  const auto run_backwards = [](int64_t tasks, void (*body)(void*, int64_t, int64_t), void* state) {
    for (int64_t i = tasks; i-- > 0;) body(state, i, i + 1);
  };
  const Parallel threaded{6, run_backwards};
  const auto rows = sizes({1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 28, 29, 31, 57, 85, 129},
                          {1, 2, 7, 14, 15, 29});
  for (const Types& types : types_for(GetParam().math)) {
    for (const Form& form : {kPlain, kTransposed}) {
      const int64_t n = 70, k = native() ? 901 : 301;
      const Case whole({3, 130, n, k}, types, kPlain, form);
      const std::vector<float> all = run(whole, GetParam());
      EXPECT_EQ(run(whole, GetParam(), 1 << 20, threaded), all);
      for (const int64_t m : rows) {
        Product part = whole.product(GetParam().math, nullptr);
        const int64_t batch = m % 3, row = (130 - m) / 2;
        part.a = whole.a.part(batch, row), part.b = whole.b.part(batch, 0);
        part.batch = 1, part.m = m;
        const auto y = run(part, GetParam(), m % 4 == 0 ? 1 << 16 : 1 << 20,
                           m % 2 == 0 ? threaded : Parallel());
        for (size_t i = 0; i < y.size(); ++i) {
          ASSERT_EQ(y[i], all[static_cast<size_t>((batch * 130 + row) * n) + i])
              << name_of(GetParam()) << " m " << m << " element " << i;
        }
      }
    }
  }
}

TEST_P(MatmulJit, PassesNanAndInfinityOn) {
  for (const Types& types : types_for(GetParam().math)) {
    for (const Form& form : {kPlain, kTransposed}) {
      Case c({2, 3, 20, 9}, types, kPlain, form);
      c.b.set(std::vector<float>(c.b.values().size(), 1.0f));
      std::vector<float> a(c.a.values().size(), 0.5f);
      a[27] = kNaN, a[36] = kInfinity;  // rows 0 and 1 of the second entry
      c.a.set(a);
      const auto y = run(c, GetParam());
      for (size_t i = 0; i < 20; ++i) {
        EXPECT_EQ(y[i], 4.5f);
        EXPECT_TRUE(std::isnan(y[60 + i]));
        EXPECT_EQ(y[80 + i], kInfinity);
        EXPECT_EQ(y[100 + i], 4.5f);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, MatmulJit, testing::ValuesIn(paths()),
                         [](const auto& info) { return name_of(info.param); });

}  // namespace
}  // namespace stoker::kernels::matmul
