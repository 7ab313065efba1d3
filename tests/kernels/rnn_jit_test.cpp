// Recurrent layers on generated kernels against the reference twin, at every ISA.
#include "kernels/rnn/jit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "jit/isa.h"
#include "kernels/bfloat16.h"
#include "tests/support/each_isa.h"
#include "tests/support/guarded_buffer.h"

namespace stoker::kernels::rnn {
namespace {

using jit::GemmMath;
using jit::Isa;
using tests::GuardedBuffer;
using enum DataType;

constexpr unsigned kSeed = 47;

struct Path {
  Isa isa;
  GemmMath math;
  DataType type;
};

std::vector<Path> paths() {
  std::vector<Path> all;
  for (const Isa isa : {Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16}) {
    all.push_back({isa, GemmMath::kF32, kFloat32});
    for (const DataType type : {kBFloat16, kFloat32}) {
      all.push_back({isa, GemmMath::kBf16Wide, type});
      if (isa >= Isa::kAvx512Bf16) all.push_back({isa, GemmMath::kBf16Dot, type});
    }
  }
  return all;
}

bool is_mixed(const Path& path) { return path.math != GemmMath::kF32 && path.type == kFloat32; }

std::string name_of(const Path& path) {
  static const char* const kMath[] = {"f32", "bf16_wide", "bf16_dot"};
  return std::string(jit::isa_name(path.isa)) + "_" + kMath[static_cast<int>(path.math)] +
         (is_mixed(path) ? "_f32" : "");
}

struct Case {
  Shape shape;
  int64_t steps = 1, batch = 1;
  std::vector<int64_t> sizes = {};  // of the steps, where sequences are packed
  bool reverse = false, bias = true, batch_first = false;
  bool other_types = false;  // x, c and biases are not of the type of h
};

std::string name_of(const Case& c) {
  static const char* const kCell[] = {"lstm", "gru", "tanh", "relu"};
  return std::string(kCell[static_cast<int>(c.shape.cell)]) + " I " +
         std::to_string(c.shape.input) + " H " + std::to_string(c.shape.hidden) + " P " +
         std::to_string(c.shape.projection) + " T " + std::to_string(c.steps) + " B " +
         std::to_string(c.batch) + (c.sizes.empty() ? "" : " packed") +
         (c.reverse ? " reverse" : "") + (c.batch_first ? " batch first" : "") +
         (c.other_types ? " other types" : "");
}

// Values of the layer's type as fp32, and as they are.
class Values {
 public:
  Values(DataType type, int64_t count, unsigned seed, float scale) {
    std::mt19937 random(kSeed + seed);
    std::normal_distribution<float> normal(0, scale);
    floats_.resize(static_cast<size_t>(count));
    for (float& value : floats_) value = normal(random);
    set(type, floats_);
  }
  void set(DataType type, const std::vector<float>& values) {
    floats_ = values;
    if (type == kFloat32) {
      wide_ = std::make_shared<GuardedBuffer<float>>(floats_);
      data_ = wide_->data();
      return;
    }
    const auto count = static_cast<int64_t>(values.size());
    narrow_ = std::make_shared<GuardedBuffer<uint16_t>>(values.size());
    narrow_row(floats_.data(), narrow_->data(), count);
    widen_row(narrow_->data(), floats_.data(), count);
    data_ = narrow_->data();
  }
  // To bf16, in fp32: the twin leaves that to us.
  void round() {
    std::vector<float> values = floats_;
    round_row(values.data(), values.data(), static_cast<int64_t>(values.size()));
    set(kFloat32, values);
  }
  const void* data() const { return data_; }
  const float* floats() const { return floats_.data(); }
  const std::vector<float>& values() const { return floats_; }

 private:
  std::vector<float> floats_;
  std::shared_ptr<GuardedBuffer<float>> wide_;
  std::shared_ptr<GuardedBuffer<uint16_t>> narrow_;
  const void* data_ = nullptr;
};

struct Results {
  std::vector<float> y, hn, cn;
};

struct Problem {
  Case c;
  DataType type, other;  // of h; of x, c and biases
  bool mixed;
  int64_t rows, ldy;
  Values w_ih, w_hh, w_hr, b_ih, b_hh, x, h0, c0;

  Problem(const Case& c, const Path& path)
      : c(c),
        type(path.type),
        other(!c.other_types          ? type
              : path.type == kFloat32 ? kBFloat16
                                      : kFloat32),
        mixed(is_mixed(path)),
        rows(c.sizes.empty() ? c.steps * c.batch
                             : std::accumulate(c.sizes.begin(), c.sizes.end(), int64_t{0})),
        ldy(c.shape.state() + 3),
        w_ih(type, gates() * c.shape.input, 1, 1 / std::sqrt(float(c.shape.input))),
        w_hh(type, gates() * c.shape.state(), 2, 1 / std::sqrt(float(c.shape.state()))),
        w_hr(type, c.shape.projection * c.shape.hidden, 3, 1 / std::sqrt(float(c.shape.hidden))),
        b_ih(other, gates(), 4, 0.3f),
        b_hh(other, gates(), 5, 0.3f),
        x(other, rows * c.shape.input, 6, 1),
        h0(type, c.batch * c.shape.state(), 7, 0.7f),
        c0(other, c.batch * c.shape.hidden, 8, 0.7f) {
    for (Values* operand : {&w_ih, &w_hh, &w_hr}) {
      if (mixed) operand->round();
    }
    if (path.math != GemmMath::kF32 && other == kFloat32) x.round();
  }

  int64_t gates() const { return c.shape.gates() * c.shape.hidden; }

  Call call(bool plain) const {
    const auto data = [plain](const Values& v) -> const void* {
      return plain ? v.floats() : v.data();
    };
    const bool lstm = c.shape.cell == RnnCell::kLstm;
    Call call{};
    call.sequences = {c.steps, c.batch, c.sizes.empty() ? nullptr : c.sizes.data()};
    call.reverse = c.reverse;
    call.type = type;
    call.x_type = call.c_type = call.bias_type = other;
    call.x = data(x);
    call.x_row = c.batch_first ? c.steps * c.shape.input : c.shape.input;
    call.x_step = c.batch_first ? c.shape.input : c.batch * c.shape.input;
    if (c.bias) call.b_ih = data(b_ih), call.b_hh = data(b_hh);
    call.h0 = data(h0);
    if (lstm) call.c0 = data(c0);
    call.ldy = ldy;
    return call;
  }

  Results exact() const {
    Results r{std::vector<float>(static_cast<size_t>(rows * ldy), 7.0f),
              std::vector<float>(h0.values().size()), std::vector<float>(c0.values().size())};
    Call plain = call(true);
    plain.y = r.y.data(), plain.hn = r.hn.data(), plain.cn = r.cn.data();
    reference(c.shape, {w_ih.floats(), w_hh.floats(), w_hr.floats()}, plain,
              mixed               ? Rounding::kOperands
              : type == kBFloat16 ? Rounding::kResults
                                  : Rounding::kNone);
    return r;
  }

  template <class T, class C>
  Results run(const Path& path, const Parallel& parallel) const {
    const bool lstm = c.shape.cell == RnnCell::kLstm;
    const T fill = type == kFloat32 ? T(7.0f) : T(0x40E0);
    const C fill_c = other == kFloat32 ? C(7.0f) : C(0x40E0);
    const auto row = static_cast<size_t>((rows - 1) * ldy + c.shape.state());  // ends with h
    const GuardedBuffer<T> y(row, fill, 64), hn(h0.values().size(), fill, 16);
    const GuardedBuffer<C> cn(lstm ? c0.values().size() : 0, fill_c, 16);
    const PackLayout layout{path.isa, path.math, c.shape};
    const GuardedBuffer<char> packed(static_cast<size_t>(layout.bytes()));
    EXPECT_TRUE(
        pack(layout, {w_ih.data(), w_hh.data(), w_hr.data(), type}, packed.data(), parallel));
    Call call = this->call(false);
    call.y = y.data(), call.hn = hn.data(), call.cn = lstm ? cn.data() : nullptr;
    EXPECT_TRUE(run_jit(call, {layout, packed.data(), 1 << 19}, parallel));
    EXPECT_TRUE(y.slack_untouched() && hn.slack_untouched() && cn.slack_untouched());
    Results r{wide(y.values()), wide(hn.values()), wide(cn.values())};
    r.y.resize(static_cast<size_t>(rows * ldy), 7.0f);
    return r;
  }
  Results run(const Path& path, const Parallel& parallel = Parallel()) const {
    if (type == kFloat32) {
      return other == kFloat32 ? run<float, float>(path, parallel)
                               : run<float, uint16_t>(path, parallel);
    }
    return other == kFloat32 ? run<uint16_t, float>(path, parallel)
                             : run<uint16_t, uint16_t>(path, parallel);
  }

  static std::vector<float> wide(std::vector<float> values) { return values; }
  static std::vector<float> wide(const std::vector<uint16_t>& values) {
    std::vector<float> floats(values.size());
    widen_row(values.data(), floats.data(), static_cast<int64_t>(values.size()));
    return floats;
  }
};

// Gates sum K = I + H terms of size 1/sqrt(K) with errors of eps each, the functions add 4 ulp, and
// a step hands its error on with a factor below 1 for these weights; relu's state grows instead. In
// bf16 h is rounded in every step: where the two sides round apart, by an ulp of it; mixed the same
// where it is multiplied.
float bound_of(const Problem& p, float largest) {
  const Shape& s = p.c.shape;
  const float k = std::sqrt(float(s.input + s.hidden));
  const float eps = p.type == kFloat32 && !p.mixed ? 4 * (8 + k) * 0x1p-24f : 3 * 0x1p-8f;
  return eps * std::max(1.0f, largest) * (s.cell == RnnCell::kRelu ? 4.0f : 1.0f);
}

int64_t expect_close(const Problem& p, const Path& path, const std::vector<float>& got,
                     const std::vector<float>& wanted, const char* what) {
  float largest = 0;
  for (const float value : wanted) largest = std::max(largest, std::fabs(value));
  const float bound = bound_of(p, largest);
  EXPECT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < std::min(got.size(), wanted.size()); ++i) {
    if (!(std::fabs(got[i] - wanted[i]) <= bound)) {
      ADD_FAILURE() << name_of(path) << " " << name_of(p.c) << " " << what << " " << i << ": "
                    << got[i] << ", expected " << wanted[i] << " within " << bound;
      break;
    }
  }
  return static_cast<int64_t>(got.size());
}

int64_t check(const Case& c, const Path& path) {
  const Problem p(c, path);
  const Results wanted = p.exact(), got = p.run(path);
  int64_t compared = expect_close(p, path, got.y, wanted.y, "y");
  compared += expect_close(p, path, got.hn, wanted.hn, "hn");
  if (c.shape.cell == RnnCell::kLstm) compared += expect_close(p, path, got.cn, wanted.cn, "cn");
  return compared;
}

constexpr RnnCell kCells[] = {RnnCell::kLstm, RnnCell::kGru, RnnCell::kTanh, RnnCell::kRelu};

class RnnJit : public testing::TestWithParam<Path> {
 protected:
  void SetUp() override { tests::make_runnable(GetParam().isa); }
  bool native() const { return tests::runs_natively(GetParam().isa); }
  // Fewer sizes where every instruction is interpreted.
  std::vector<int64_t> sizes(std::vector<int64_t> all, std::vector<int64_t> emulated) const {
    return native() ? all : emulated;
  }
};

TEST_P(RnnJit, AgreesWithTheReferenceAroundEveryEdge) {
  int64_t compared = 0, number = 0;
  for (const RnnCell cell : kCells) {
    for (const int64_t hidden :
         sizes({1, 5, 7, 8, 15, 16, 17, 31, 32, 33, 48, 49, 65, 100, 130}, {1, 16, 33, 65})) {
      for (const int64_t batch : sizes({1, 2, 3, 4, 6, 7, 10, 14, 15, 29}, {1, 2, 3, 15})) {
        const int64_t input = 1 + (number * 7) % 40;
        compared += check({.shape = {cell, input, hidden},
                           .steps = 1 + number % 4,
                           .batch = batch,
                           .reverse = number % 2 == 1,
                           .bias = number % 3 != 0,
                           .batch_first = number % 5 == 0},
                          GetParam());
        ++number;
      }
    }
  }
  std::printf("%s: %ld elements compared, seed %u, %s\n", name_of(GetParam()).c_str(),
              static_cast<long>(compared), kSeed, tests::how(GetParam().isa));
}

TEST_P(RnnJit, ProjectsTheUnits) {
  for (const auto& [hidden, projection] :
       {std::pair<int64_t, int64_t>{20, 7}, {33, 16}, {64, 63}, {70, 33}, {100, 65}}) {
    for (const int64_t batch : {1, 2, 5, 17}) {
      check({.shape = {RnnCell::kLstm, 9, hidden, projection},
             .steps = 3,
             .batch = batch,
             .reverse = batch == 2},
            GetParam());
    }
  }
}

TEST_P(RnnJit, TakesSequencesOfDifferentLengths) {
  for (const RnnCell cell : kCells) {
    for (const bool reverse : {false, true}) {
      for (const std::vector<int64_t>& sizes : std::vector<std::vector<int64_t>>{
               {1}, {3, 3, 1}, {5, 4, 3, 2, 1}, {16, 7, 7, 2}, {9, 9, 9}}) {
        const auto steps = static_cast<int64_t>(sizes.size());
        check({.shape = {cell, 6, 37, cell == RnnCell::kLstm ? sizes[0] * 2 : 0},
               .steps = steps,
               .batch = sizes[0],
               .sizes = sizes,
               .reverse = reverse},
              GetParam());
      }
    }
  }
}

// As under autocast: fp32 weights and inputs beside an h in bf16, and the other way round.
TEST_P(RnnJit, TakesOtherTypesBesideH) {
  if (GetParam().math == GemmMath::kF32) return;
  for (const RnnCell cell : kCells) {
    for (const int64_t batch : {1, 2, 5, 17}) {
      const Case dense{.shape = {cell, 9, 37, cell == RnnCell::kLstm && batch > 2 ? 13 : 0},
                       .steps = 3,
                       .batch = batch,
                       .batch_first = batch == 5,
                       .other_types = true};
      check(dense, GetParam());
      Case packed = dense;
      packed.sizes = {batch, (batch + 1) / 2, 1};
      packed.reverse = true;
      packed.batch_first = false;
      check(packed, GetParam());
    }
  }
}

// More rows than are multiplied with the input weight at a time, in either order.
TEST_P(RnnJit, CutsLongInputsIntoParts) {
  if (!native()) GTEST_SUCCEED();
  const int64_t steps = native() ? 170 : 3, hidden = native() ? 600 : 20;
  for (const RnnCell cell : {RnnCell::kLstm, RnnCell::kGru}) {
    for (const bool reverse : {false, true}) {
      check({.shape = {cell, 3, hidden},
             .steps = steps,
             .batch = 4,
             .reverse = reverse,
             .batch_first = reverse},
            GetParam());
    }
  }
}

TEST_P(RnnJit, KeepsItsAccuracyOverAThousandSteps) {
  for (const RnnCell cell : {RnnCell::kLstm, RnnCell::kGru, RnnCell::kTanh}) {
    check({.shape = {cell, 5, 24}, .steps = native() ? 1000 : 40}, GetParam());
  }
}

// The same bits, however panels are spread over threads.
TEST_P(RnnJit, IsInvariantToThreads) {
  const auto run_backwards = [](int64_t tasks, void (*body)(void*, int64_t, int64_t), void* state) {
    for (int64_t i = tasks; i-- > 0;) body(state, i, i + 1);
  };
  const int64_t hidden = native() ? 530 : 70;
  for (const RnnCell cell : kCells) {
    for (const int64_t batch : {1, 2, 9}) {
      const Problem p({.shape = {cell, 8, hidden}, .steps = 2, .batch = batch}, GetParam());
      const Results one = p.run(GetParam()), many = p.run(GetParam(), {5, run_backwards});
      EXPECT_EQ(one.y, many.y) << name_of(p.c);
      EXPECT_EQ(one.hn, many.hn) << name_of(p.c);
    }
  }
}

TEST_P(RnnJit, PassesNanOn) {
  for (const RnnCell cell : kCells) {
    Problem p({.shape = {cell, 4, 20}, .steps = 2, .batch = 3}, GetParam());
    std::vector<float> x = p.x.values();
    x[5] = std::numeric_limits<float>::quiet_NaN();  // the second sequence, from the first step on
    p.x.set(p.other, x);
    const Results r = p.run(GetParam());
    for (int64_t row = 0; row < 6; ++row) {
      for (int64_t u = 0; u < 20; ++u) {
        const float value = r.y[static_cast<size_t>(row * p.ldy + u)];
        EXPECT_EQ(std::isnan(value), row % 3 == 1) << name_of(p.c) << " " << row << " " << value;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, RnnJit, testing::ValuesIn(paths()),
                         [](const auto& info) { return name_of(info.param); });

}  // namespace
}  // namespace stoker::kernels::rnn
