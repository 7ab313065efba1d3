// Generated normalizations against the reference twin, at every ISA.
#include "kernels/norm/jit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kernels/element.h"
#include "kernels/norm/table.h"
#include "tests/support/each_isa.h"
#include "tests/support/guarded_buffer.h"

namespace stoker::kernels::norm {
namespace {

using jit::Isa;
using tests::GuardedBuffer;
using enum DataType;

constexpr unsigned kSeed = 53;

struct Case {
  Kind kind = Kind::kLayer;
  DataType type = kFloat32, weight_type = kFloat32;
  int64_t rows = 3, columns = 64;
  bool adds = true, weighted = true, biased = true;
  float mean = 0;  // of the rows
  bool in_place = false;
};

std::string name_of(const Case& c) {
  return std::string(c.kind == Kind::kLayer ? "layer" : "rms") + " type " +
         std::to_string(static_cast<int>(c.type)) + " weight type " +
         std::to_string(static_cast<int>(c.weight_type)) + " " + std::to_string(c.rows) + "x" +
         std::to_string(c.columns) + (c.adds ? " add" : "") + (c.weighted ? " weight" : "") +
         (c.biased ? " bias" : "") + " mean " + std::to_string(c.mean);
}

struct Results {
  std::vector<float> sum, out;
};

// Every buffer ends where memory ends.
class Data {
 public:
  explicit Data(const Case& c)
      : c_(c),
        random_(kSeed + static_cast<unsigned>(c.columns)),
        x_(values(c.type, c.rows * c.columns, c.mean)),
        other_(values(c.type, c.rows * c.columns, 0)),
        weight_(values(c.weight_type, c.columns, 1)),
        bias_(values(c.weight_type, c.columns, 0)) {}

  void set(int64_t row, int64_t column, float value) {
    store_element(x_.data(), c_.type, row * c_.columns + column, value);
  }

  template <class Function>
  Results run(const Function& function) const {
    const size_t bytes = x_.values().size();
    GuardedBuffer<char> sum(bytes, 0x55, 64), out(bytes, 0x55, 64);
    if (c_.in_place) std::copy_n(x_.data(), bytes, sum.data());
    Call call{.kind = c_.kind,
              .type = c_.type,
              .weight_type = c_.weight_type,
              .x = c_.in_place ? sum.data() : x_.data(),
              .other = c_.adds ? other_.data() : nullptr,
              .sum = c_.adds ? sum.data() : nullptr,
              .weight = c_.weighted ? weight_.data() : nullptr,
              .bias = c_.biased && c_.kind == Kind::kLayer ? bias_.data() : nullptr,
              .out = out.data(),
              .rows = c_.rows,
              .columns = c_.columns,
              .eps = 1e-5f};
    function(call);
    EXPECT_TRUE(sum.slack_untouched() && out.slack_untouched());
    Results results;
    for (int64_t i = 0; i < c_.rows * c_.columns; ++i) {
      results.sum.push_back(load_element(c_.adds ? sum.data() : x_.data(), c_.type, i));
      results.out.push_back(load_element(out.data(), c_.type, i));
    }
    return results;
  }

  float weight(int64_t i) const {
    return c_.weighted ? load_element(weight_.data(), c_.weight_type, i) : 1;
  }

 private:
  GuardedBuffer<char> values(DataType type, int64_t count, float mean) {
    return GuardedBuffer<char>(drawn(type, count, mean));
  }
  std::vector<char> drawn(DataType type, int64_t count, float mean) {
    std::normal_distribution<float> normal(mean, 1);
    std::vector<char> bytes(static_cast<size_t>(count) * (type == kFloat32 ? 4 : 2));
    for (int64_t i = 0; i < count; ++i) store_element(bytes.data(), type, i, normal(random_));
    return bytes;
  }

  const Case c_;
  std::mt19937 random_;
  GuardedBuffer<char> x_, other_, weight_, bias_;
};

// Tasks backwards, each a range of its own, as if there were so many threads.
Parallel pretended(int threads) {
  return {threads, [](int64_t tasks, void (*body)(void*, int64_t, int64_t), void* state) {
            for (int64_t i = tasks; i-- > 0;) body(state, i, i + 1);
          }};
}

int64_t compared = 0;

// A sum of n terms in 16 partial sums errs by at most (n / 16 + 8) eps of the terms' size: that is
// the mean, and relatively the factor. Then a few operations and the roundings to `type`, which may
// fall on either side.
void expect_agreement(const Case& c, const Data& data, const Results& ours, const Results& twin) {
  EXPECT_EQ(ours.sum, twin.sum) << name_of(c);
  const double type_eps = c.type == kFloat32 ? 0x1p-23 : c.type == kBFloat16 ? 0x1p-7 : 0x1p-10;
  const double chain = (static_cast<double>(c.columns) / 16 + 8) * 0x1p-24;
  for (int64_t row = 0; row < c.rows; ++row) {
    const auto first = static_cast<size_t>(row * c.columns);
    double size = 0, mean = 0, squares = 0;
    for (int64_t i = 0; i < c.columns; ++i) {
      mean += twin.sum[first + i] / static_cast<double>(c.columns);
      size += std::fabs(twin.sum[first + i]) / static_cast<double>(c.columns);
    }
    if (c.kind == Kind::kRms) mean = 0;
    for (int64_t i = 0; i < c.columns; ++i) squares += std::pow(twin.sum[first + i] - mean, 2);
    const double factor = 1 / std::sqrt(squares / static_cast<double>(c.columns) + 1e-5);
    for (int64_t i = 0; i < c.columns; ++i) {
      const double normal = std::fabs((twin.sum[first + i] - mean) * factor);
      const double shift = c.kind == Kind::kLayer ? chain * size * factor : 0;
      const double weight = std::fabs(data.weight(i)), out = std::fabs(twin.out[first + i]);
      const bool twice = c.kind == Kind::kRms && c.weight_type == c.type;
      const double rounding = (twice ? type_eps : 4 * 0x1p-24) * normal;
      const double bound =
          weight * (shift + normal * (chain + shift) + rounding) + type_eps * out + 1e-38;
      ASSERT_NEAR(ours.out[first + i], twin.out[first + i], bound)
          << name_of(c) << " row " << row << " column " << i;
      ++compared;
    }
  }
}

class NormJit : public testing::TestWithParam<Isa> {
 protected:
  void SetUp() override { tests::make_runnable(GetParam()); }
  static Results ours(const Data& data, int threads = 1) {
    return data.run(
        [&](const Call& call) { ASSERT_TRUE(run_jit(call, GetParam(), pretended(threads))); });
  }
  static void check(const Case& c) {
    const Data data(c);
    expect_agreement(c, data, ours(data), data.run(&reference));
  }
};

TEST_P(NormJit, AgreesWithTheReferenceAtEveryWidth) {
  for (const Kind kind : {Kind::kLayer, Kind::kRms}) {
    for (const DataType type : {kFloat32, kBFloat16, kFloat16}) {
      for (const int64_t columns : {1,  2,  7,  8,  9,  15, 16, 17,  31,  32,  33,  47,
                                    48, 63, 64, 65, 71, 79, 80, 129, 384, 771, 1031}) {
        for (const bool adds : {false, true}) {
          check(
              {.kind = kind, .type = type, .weight_type = type, .columns = columns, .adds = adds});
        }
      }
    }
  }
  std::printf("%s: %lld elements compared, %s, seed %u\n", jit::isa_name(GetParam()),
              static_cast<long long>(compared), tests::how(GetParam()), kSeed);
}

TEST_P(NormJit, TakesWeightAndBiasOfEitherTypeOrNone) {
  for (const DataType type : {kFloat32, kBFloat16, kFloat16}) {
    for (const DataType weight_type : {type, kFloat32}) {
      for (const bool weighted : {false, true}) {
        for (const bool biased : {false, true}) {
          check({.type = type,
                 .weight_type = weight_type,
                 .columns = 77,
                 .weighted = weighted,
                 .biased = biased});
        }
      }
    }
  }
}

TEST_P(NormJit, RoundsRmsNormOnceWhereTheWeightIsWider) {
  for (const DataType type : {kBFloat16, kFloat16}) {
    for (const bool adds : {false, true}) {
      check({.kind = Kind::kRms, .type = type, .columns = 77, .adds = adds});
    }
  }
}

// Squares minus the square of the mean would have lost every digit.
TEST_P(NormJit, StaysExactFarFromZero) {
  for (const int64_t columns : {5, 64, 768}) {
    check({.columns = columns, .mean = 3000});
    check({.columns = columns, .adds = false, .mean = -20000});
  }
}

TEST_P(NormJit, WritesTheSumInPlace) {
  for (const DataType type : {kFloat32, kBFloat16, kFloat16}) {
    check({.type = type, .weight_type = type, .columns = 75, .in_place = true});
  }
}

// The same bits at any number of threads, and for a row alone.
TEST_P(NormJit, DoesNotDependOnTheThreads) {
  const Case c{.rows = 160, .columns = 1000};
  const Data data(c);
  const Results one = ours(data);
  for (const int threads : {2, 3, 5, 500}) {
    const Results many = ours(data, threads);
    EXPECT_EQ(one.sum, many.sum) << threads;
    EXPECT_EQ(one.out, many.out) << threads;
  }
}

TEST_P(NormJit, PassesNanAndInfinityOn) {
  for (const Kind kind : {Kind::kLayer, Kind::kRms}) {
    for (const DataType type : {kFloat32, kBFloat16, kFloat16}) {
      for (const int64_t at : {0, 69}) {  // in a vector, and behind the last
        const Case c{.kind = kind, .type = type, .weight_type = type, .columns = 70};
        Data data(c);
        data.set(1, at, std::numeric_limits<float>::quiet_NaN());
        data.set(2, at, std::numeric_limits<float>::infinity());
        const Results got = ours(data), twin = data.run(&reference);
        for (size_t i = 0; i < got.out.size(); ++i) {
          EXPECT_EQ(std::isnan(got.out[i]), std::isnan(twin.out[i])) << name_of(c) << " " << i;
        }
        EXPECT_FALSE(std::isnan(got.out[0]));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, NormJit,
                         testing::Values(Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16),
                         [](const auto& info) { return jit::isa_name(info.param); });

TEST(NormTable, ChoosesWhatWasMeasuredFaster) {
  const Calibration measured =
      parse_calibration("family x\nnorm jit_norm_f32 add_layer rows 1 8 columns 64 128\n");
  const auto chosen = [&](Call call, Isa isa, Policy policy = Policy::kCalibrated) {
    return select(call, isa, measured, policy).row;
  };
  float other = 0;
  Call call{};
  call.other = &other, call.rows = 8, call.columns = 64;
  Call plain = call, wide = call, half = call, rms = call;
  plain.other = nullptr, wide.columns = 129, half.type = kBFloat16, rms.kind = Kind::kRms;
  ASSERT_NE(chosen(call, Isa::kAvx2), nullptr);
  EXPECT_STREQ(chosen(call, Isa::kAvx2)->name, "jit_norm_f32");
  EXPECT_EQ(chosen(call, Isa::kBaseline), nullptr);
  for (const Call& unmeasured : {plain, wide, half, rms}) {
    EXPECT_EQ(chosen(unmeasured, Isa::kAvx2), nullptr) << kind_of(unmeasured);
    EXPECT_NE(chosen(unmeasured, Isa::kAvx2, Policy::kAlways), nullptr);
  }
  EXPECT_STREQ(kind_of(plain), "layer");
  EXPECT_STREQ(kind_of(rms), "add_rms");
}

}  // namespace
}  // namespace stoker::kernels::norm
