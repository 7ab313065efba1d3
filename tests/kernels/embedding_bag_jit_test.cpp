// Generated embedding bags against the reference twin, at every ISA.
#include "kernels/embedding_bag/jit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "kernels/element.h"
#include "tests/support/each_isa.h"
#include "tests/support/guarded_buffer.h"

namespace stoker::kernels::embedding_bag {
namespace {

using jit::Isa;
using tests::GuardedBuffer;
using enum DataType;

constexpr unsigned kSeed = 47;
struct Case {
  Mode mode = Mode::kSum;
  DataType type = kFloat32;
  int64_t index_bytes = 8;
  int64_t rows = 23, columns = 64;
  std::vector<int64_t> lengths = {3, 0, 1, 7, 20, 0};
  bool scaled = false;
  int64_t padding = -1;
  int64_t row_gap = 0;
  bool indexed = true;  // of a maximum, which row it is
};

// What a run writes.
struct Results {
  std::vector<float> out;
  std::vector<int64_t> sizes, max_indices, bag_of;
  Outcome outcome;

  bool operator==(const Results&) const = default;
};

class Data {
 public:
  explicit Data(const Case& c) : c_(c), random_(kSeed + static_cast<unsigned>(c.columns)) {
    const int64_t stride = c.columns + c.row_gap;
    std::normal_distribution<float> normal;
    table_ = std::make_unique<GuardedBuffer<char>>(
        static_cast<size_t>(((c.rows - 1) * stride + c.columns) * bytes()));
    for (int64_t i = 0; i < (c.rows - 1) * stride + c.columns; ++i) {
      const bool gap = i % stride >= c.columns;
      store_element(table_->data(), c.type, i, gap ? NAN : normal(random_));
    }
    int64_t count = std::accumulate(c.lengths.begin(), c.lengths.end(), int64_t{0});
    indices_ = integers(static_cast<size_t>(count));
    offsets_ = integers(c.lengths.size());
    count = 0;
    for (size_t bag = 0; bag < c.lengths.size(); ++bag) {
      set_integer(offsets_->data(), static_cast<int64_t>(bag), c.index_bytes, count);
      count += c.lengths[bag];
    }
    for (int64_t i = 0; i < count; ++i) set_index(i, static_cast<int64_t>(random_()) % c.rows);
    scales_ = std::make_unique<GuardedBuffer<float>>(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) scales_->data()[i] = normal(random_);
  }

  void set_index(int64_t i, int64_t value) {
    set_integer(indices_->data(), i, c_.index_bytes, value);
  }
  void set_offset(int64_t i, int64_t value) {
    set_integer(offsets_->data(), i, c_.index_bytes, value);
  }
  void set_value(int64_t row, int64_t column, float value) {
    store_element(table_->data(), c_.type, row * (c_.columns + c_.row_gap) + column, value);
  }

  template <class Function>
  Results run(const Function& function) const {
    const auto bags = static_cast<int64_t>(c_.lengths.size());
    const auto count = std::accumulate(c_.lengths.begin(), c_.lengths.end(), int64_t{0});
    const int64_t cells = bags * c_.columns;
    GuardedBuffer<char> out(static_cast<size_t>(cells * bytes()), 0x55, 64);
    const auto sizes = integers(c_.lengths.size()), of = integers(static_cast<size_t>(count));
    const auto winners = integers(static_cast<size_t>(c_.mode == Mode::kMax ? cells : 0));
    const Bags call{.table = table_->data(),
                    .type = c_.type,
                    .rows = c_.rows,
                    .columns = c_.columns,
                    .row_stride = c_.columns + c_.row_gap,
                    .indices = indices_->data(),
                    .offsets = offsets_->data(),
                    .index_bytes = c_.index_bytes,
                    .count = count,
                    .bags = bags,
                    .mode = c_.mode,
                    .scales = c_.scaled ? scales_->data() : nullptr,
                    .padding = c_.padding,
                    .out = out.data(),
                    .out_stride = c_.columns,
                    .sizes = sizes->data(),
                    .max_indices = c_.mode == Mode::kMax && c_.indexed ? winners->data() : nullptr,
                    .bag_of = of->data()};
    Results results;
    results.outcome = function(call);
    EXPECT_TRUE(out.slack_untouched());
    for (int64_t i = 0; i < cells; ++i) {
      results.out.push_back(load_element(out.data(), c_.type, i));
      if (call.max_indices) results.max_indices.push_back(integer(*winners, i));
    }
    for (int64_t i = 0; i < bags; ++i) results.sizes.push_back(integer(*sizes, i));
    for (int64_t i = 0; i < count; ++i) results.bag_of.push_back(integer(*of, i));
    return results;
  }

 private:
  using Integers = std::unique_ptr<GuardedBuffer<char>>;
  Integers integers(size_t count) const {
    return std::make_unique<GuardedBuffer<char>>(count * static_cast<size_t>(c_.index_bytes));
  }
  int64_t integer(const GuardedBuffer<char>& array, int64_t i) const {
    return integer_at(array.data(), i, c_.index_bytes);
  }
  int64_t bytes() const { return jit::element_bytes(element_of(c_.type)); }

  const Case c_;
  std::mt19937 random_;
  std::unique_ptr<GuardedBuffer<char>> table_, indices_, offsets_;
  std::unique_ptr<GuardedBuffer<float>> scales_;
};

// All tasks on this thread, each a range of its own, as if there were so many threads.
Parallel pretended(int threads) {
  return {threads, [](int64_t tasks, void (*body)(void*, int64_t, int64_t), void* state) {
            for (int64_t i = 0; i < tasks; ++i) body(state, i, i + 1);
          }};
}

// Each task on a thread of its own.
Parallel real(int threads) {
  return {threads, [](int64_t tasks, void (*body)(void*, int64_t, int64_t), void* state) {
            std::vector<std::thread> all;
            for (int64_t i = 0; i < tasks; ++i) all.emplace_back(body, state, i, i + 1);
            for (std::thread& thread : all) thread.join();
          }};
}

int64_t compared = 0;

void expect_agreement(const Case& c, const Results& ours, const Results& twin) {
  ASSERT_EQ(ours.outcome, twin.outcome);
  EXPECT_EQ(ours.sizes, twin.sizes);
  EXPECT_EQ(ours.bag_of, twin.bag_of);
  EXPECT_EQ(ours.max_indices, twin.max_indices);
  const double eps = c.type == kFloat32 ? 0x1p-24 : c.type == kBFloat16 ? 0x1p-8 : 0x1p-11;
  for (size_t i = 0; i < ours.out.size(); ++i) {
    const auto length = static_cast<double>(c.lengths[i / static_cast<size_t>(c.columns)]);
    // fp32 sums of values below 4.5, then one rounding; halves may fall on either side of it.
    const double bound = 4.5 * 4.5 * length * length * 0x1p-24 +
                         2 * eps * std::fabs(static_cast<double>(twin.out[i]));
    ASSERT_NEAR(ours.out[i], twin.out[i], bound)
        << "column " << i % c.columns << " of " << c.columns;
    ++compared;
  }
}

class EmbeddingBagJit : public testing::TestWithParam<Isa> {
 protected:
  void SetUp() override { tests::make_runnable(GetParam()); }
  static Results ours(const Data& data, int threads = 1) { return ours(data, pretended(threads)); }
  static Results ours(const Data& data, const Parallel& parallel) {
    return data.run([&](const Bags& b) { return run_jit(b, GetParam(), parallel); });
  }
  static void check(const Case& c) {
    const Data data(c);
    SCOPED_TRACE(testing::Message() << "mode " << static_cast<int>(c.mode) << " type "
                                    << static_cast<int>(c.type) << " i" << c.index_bytes * 8);
    expect_agreement(c, ours(data), data.run(&reference));
  }
};

TEST_P(EmbeddingBagJit, AgreesWithTheReferenceAtEveryWidth) {
  for (const Mode mode : {Mode::kSum, Mode::kMean, Mode::kMax}) {
    for (const DataType type : {kFloat32, kBFloat16, kFloat16}) {
      for (const int64_t index_bytes : {4, 8}) {
        for (const int64_t columns :
             {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 97, 193, 401}) {
          check({.mode = mode, .type = type, .index_bytes = index_bytes, .columns = columns});
        }
      }
    }
  }
  std::printf("%s: %lld elements compared, %s, seed %u\n", jit::isa_name(GetParam()),
              static_cast<long long>(compared), tests::how(GetParam()), kSeed);
}

TEST_P(EmbeddingBagJit, ScalesRowsAndLeavesPaddingOut) {
  for (const int64_t columns : {3, 4, 16, 21, 64}) {
    for (const DataType type : {kFloat32, kBFloat16, kFloat16}) {
      for (const Mode mode : {Mode::kSum, Mode::kMean, Mode::kMax}) {
        for (const int64_t padding : {int64_t{-1}, int64_t{5}}) {
          // Few rows, so that whole bags are padding; rows that are not neighbours.
          check({.mode = mode,
                 .type = type,
                 .columns = columns,
                 .lengths = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 60, 0, 30},
                 .scaled = mode == Mode::kSum,
                 .padding = padding,
                 .row_gap = 3});
        }
      }
    }
  }
}

TEST_P(EmbeddingBagJit, ReportsOnlyWhatIsWanted) {
  for (const int64_t columns : {3, 7, 64, 200}) {
    check({.mode = Mode::kMax, .columns = columns, .padding = 4, .indexed = false});
  }
}

TEST_P(EmbeddingBagJit, RunsSeveralTablesAtOnce) {
  constexpr int64_t kColumns = 20;
  const Case c{.columns = kColumns};
  const Data left(c), right({.mode = Mode::kMean, .columns = kColumns, .indexed = false});
  for (const int threads : {1, 2, 5}) {
    GuardedBuffer<float> out(c.lengths.size() * 2 * kColumns);
    const auto half = [&](int64_t first) {
      return [&, first](Bags bags) {
        bags.out = out.data() + first;
        bags.out_stride = 2 * kColumns;
        return bags;
      };
    };
    std::vector<Bags> tables;
    const auto alone_left = left.run([&](const Bags& bags) {
      tables.push_back(half(0)(bags));
      return run_jit(bags, GetParam(), Parallel());
    });
    const auto alone_right = right.run([&](const Bags& bags) {
      tables.push_back(half(kColumns)(bags));
      return run_jit(bags, GetParam(), Parallel());
    });
    for (Bags& bags : tables) bags.sizes = bags.bag_of = nullptr;  // those buffers are gone
    ASSERT_EQ(run_jit(tables, GetParam(), pretended(threads)), Outcome::kDone);
    for (size_t i = 0; i < c.lengths.size() * kColumns; ++i) {
      const size_t at = i / kColumns * 2 * kColumns + i % kColumns;
      EXPECT_EQ(out.data()[at], alone_left.out[i]);
      EXPECT_EQ(out.data()[at + kColumns], alone_right.out[i]);
    }
  }
}

TEST_P(EmbeddingBagJit, DoesNotDependOnTheThreads) {
  for (const auto& lengths : {std::vector<int64_t>{5000},
                              {4000, 0, 1, 2, 3},
                              {1, 1, 9000},
                              std::vector<int64_t>(100, 30)}) {
    const Case c{.mode = Mode::kMean, .columns = 72, .lengths = lengths};
    const Data data(c);
    const Results one = ours(data);
    expect_agreement(c, one, data.run(&reference));
    for (const int threads : {2, 3, 16}) EXPECT_EQ(ours(data, threads), one) << threads;
  }
}

// Of rows that fill whole pages, so that there is no access directly before and behind them.
class OutsideTheTable {
 public:
  static constexpr int64_t kRows = 32, kCount = 96;  // of indices: enough for four threads

  OutsideTheTable(Mode mode, DataType type, int64_t index_bytes, int64_t padding)
      : wide_(index_bytes == 8),
        data_({.mode = mode,
               .type = type,
               .index_bytes = index_bytes,
               .rows = kRows,
               .columns = 1024,
               .lengths = {30, 0, 1, 40, 25},
               .padding = padding}) {}

  // `run(data)`: with every such index in the place of one that is not.
  template <class Function>
  void each(const std::vector<int64_t>& places, const Function& run) {
    constexpr int64_t kUpper = int64_t{1} << 32;  // nothing in the lower half, which is row 0
    std::vector<int64_t> bad{-1, kRows, -kRows, std::numeric_limits<int32_t>::min(),
                             std::numeric_limits<int32_t>::max()};
    if (wide_) {
      bad.insert(bad.end(), {kUpper, -kUpper, std::numeric_limits<int64_t>::min(),
                             std::numeric_limits<int64_t>::max()});
    }
    for (const int64_t place : places) {
      for (const int64_t index : bad) {
        data_.set_index(place, index);
        EXPECT_EQ(run(data_), Outcome::kInvalid) << index << " at " << place;
      }
      data_.set_index(place, place % kRows);
    }
    EXPECT_EQ(run(data_), Outcome::kDone);
  }

 private:
  const bool wide_;
  Data data_;
};

TEST_P(EmbeddingBagJit, RefusesIndicesOutsideTheTable) {
  const bool native = tests::runs_natively(GetParam());
  const std::vector<int64_t> places =
      native ? std::vector<int64_t>{0, 41, OutsideTheTable::kCount - 1} : std::vector<int64_t>{41};
  for (const Mode mode : {Mode::kSum, Mode::kMean, Mode::kMax}) {
    for (const DataType type : {kFloat32, kBFloat16, kFloat16}) {
      for (const int64_t index_bytes : {4, 8}) {
        OutsideTheTable table(mode, type, index_bytes, index_bytes == 8 ? 2 : -1);
        for (const int threads : {1, 2, 4}) {
          SCOPED_TRACE(testing::Message()
                       << "mode " << static_cast<int>(mode) << " type " << static_cast<int>(type)
                       << " i" << index_bytes * 8 << " threads " << threads);
          table.each(places, [&](const Data& data) {
            return ours(data, native ? real(threads) : pretended(threads)).outcome;
          });
        }
        table.each(places, [](const Data& data) { return data.run(&reference).outcome; });
      }
    }
  }
}

TEST_P(EmbeddingBagJit, RefusesOffsetsThatDoNotAscend) {
  for (const auto& [at, value] : {std::pair{0, 1}, {3, 1}, {2, -4}, {5, 32}, {1, 100}}) {
    Data data({});
    data.set_offset(at, value);
    EXPECT_EQ(ours(data).outcome, Outcome::kInvalid) << value << " at " << at;
    EXPECT_EQ(data.run(&reference).outcome, Outcome::kInvalid);
  }
}

TEST_P(EmbeddingBagJit, TheFirstOfEqualsAndANanInFrontAreTheMaximum) {
  const Case c{.mode = Mode::kMax, .columns = 16, .lengths = {3, 3}};
  Data data(c);
  for (int64_t i = 0; i < 6; ++i) data.set_index(i, i);
  for (int64_t column = 0; column < 16; ++column) {
    data.set_value(0, column, NAN);
    data.set_value(3, column, -INFINITY);
    data.set_value(4, column, NAN);
    data.set_value(5, column, -INFINITY);
  }
  const Results results = ours(data);
  for (size_t column = 0; column < 16; ++column) {
    EXPECT_TRUE(std::isnan(results.out[column]));
    EXPECT_EQ(results.max_indices[column], 0);
    EXPECT_EQ(results.out[16 + column], -INFINITY);
    EXPECT_EQ(results.max_indices[16 + column], 3);
  }
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, EmbeddingBagJit, testing::Values(Isa::kAvx2, Isa::kAvx512),
                         [](const auto& info) { return jit::isa_name(info.param); });

}  // namespace
}  // namespace stoker::kernels::embedding_bag
