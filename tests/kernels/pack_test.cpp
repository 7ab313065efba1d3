// Generated packers against the reference twin, bit by bit.
#include "kernels/linear/pack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "kernels/bfloat16.h"
#include "tests/support/guarded_buffer.h"

namespace stoker::kernels::linear {
namespace {

using jit::GemmMath;
using tests::GuardedBuffer;

constexpr unsigned kSeed = 31;
constexpr char kFill = 'P';

struct Conversion {
  GemmMath math;
  DataType type;  // of the source
  int width;
  bool along_n;

  int64_t size() const { return type == DataType::kFloat32 ? 4 : 2; }
  Layout layout() const { return {math, width}; }
};

std::vector<Conversion> conversions() {
  std::vector<Conversion> all;
  for (const int width : {16, 32, 48, 64}) {
    for (const bool along_n : {false, true}) {
      all.push_back({GemmMath::kF32, DataType::kFloat32, width, along_n});
      all.push_back({GemmMath::kBf16Wide, DataType::kFloat32, width, along_n});
      all.push_back({GemmMath::kBf16Wide, DataType::kBFloat16, width, along_n});
      if (width % 64 > 16) continue;
      all.push_back({GemmMath::kF16, DataType::kFloat16, width, along_n});
    }
  }
  return all;
}

std::string name_of(const Conversion& c) {
  static const char* const kTypes[] = {"f32", "bf16", "f16"};
  static const char* const kMath[] = {"f32", "bf16", "bf16_dot", "f16"};
  return std::string(kTypes[static_cast<int>(c.type)]) + "_to_" + kMath[static_cast<int>(c.math)] +
         "_width" + std::to_string(c.width) + (c.along_n ? "_along_n" : "_along_k");
}

// A matrix of random bits, NaN among them, that ends where readable memory ends; `gap` elements
// lie between its rows.
class Source {
 public:
  Source(const Conversion& c, int64_t n, int64_t k, int64_t gap)
      : bytes_(static_cast<size_t>(elements(c, n, k, gap) * c.size())) {
    std::mt19937 random(kSeed);
    const auto count = static_cast<size_t>(elements(c, n, k, gap) * c.size());
    for (size_t i = 0; i < count; ++i) {
      bytes_.data()[i] = static_cast<unsigned char>(random());
    }
    const int64_t stride = (c.along_n ? n : k) + gap;
    matrix_ = {bytes_.data(), c.type, n, k, c.along_n ? 1 : stride, c.along_n ? stride : 1};
  }
  const Matrix& matrix() const { return matrix_; }

 private:
  static int64_t elements(const Conversion& c, int64_t n, int64_t k, int64_t gap) {
    const int64_t rows = c.along_n ? k : n, length = c.along_n ? n : k;
    return rows == 0 || length == 0 ? 0 : (rows - 1) * (length + gap) + length;
  }

  GuardedBuffer<unsigned char> bytes_;
  Matrix matrix_;
};

std::vector<char> expected(const Layout& layout, const Matrix& m) {
  std::vector<char> packed(static_cast<size_t>(layout.bytes(m.n, m.k)), 'r');
  pack_reference(layout, m, packed.data());
  return packed;
}

// Packs to an address that is `behind` bytes off the alignment of the end of a page.
int64_t expect_same(const Conversion& c, const Matrix& m, size_t behind = 0,
                    const Parallel& parallel = Parallel()) {
  const std::vector<char> want = expected(c.layout(), m);
  const GuardedBuffer<char> got(want.size() + behind, kFill, 256);
  EXPECT_TRUE(pack(c.layout(), m, got.data(), parallel));
  EXPECT_TRUE(got.slack_untouched());
  const char* const end = got.data() + want.size();
  EXPECT_EQ(std::count(end, end + behind, kFill), static_cast<int64_t>(behind));
  const auto differs = std::mismatch(want.begin(), want.end(), got.data()).first;
  if (differs != want.end()) {
    ADD_FAILURE() << "n " << m.n << " k " << m.k << " strides " << m.n_stride << " " << m.k_stride
                  << " byte " << differs - want.begin();
  }
  return static_cast<int64_t>(want.size());
}

class Pack : public testing::TestWithParam<Conversion> {};

TEST_P(Pack, AgreesWithTheReferenceAroundEveryEdge) {
  int64_t compared = 0;
  for (const int64_t n : {1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 97, 130}) {
    for (const int64_t k : {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 66, 100, 300}) {
      for (const int64_t gap : {0, 1, 19}) {
        const Source source(GetParam(), n, k, gap);
        compared += expect_same(GetParam(), source.matrix(), gap == 1 ? 4 : 0);
        if (HasFailure()) return;
      }
    }
  }
  std::printf("%ld bytes compared, seed %u\n", static_cast<long>(compared), kSeed);
}

// Large packs go past the caches where they are aligned.
TEST_P(Pack, AgreesWithTheReferenceOnLargeMatrices) {
  const auto run_backwards = [](int64_t tasks, void (*body)(void*, int64_t, int64_t), void* state) {
    for (int64_t i = tasks; i-- > 0;) body(state, i, i + 1);
  };
  for (const auto& [n, k] : {std::pair(259, 2061), std::pair(2061, 259), std::pair(8209, 67),
                             std::pair(1024, 1024), std::pair(16, 34000)}) {
    const Source source(GetParam(), n, k, n % 2 == 0 ? 0 : 5);
    expect_same(GetParam(), source.matrix());
    expect_same(GetParam(), source.matrix(), 4, {4, run_backwards});
    expect_same(GetParam(), source.matrix(), 32, {4, run_backwards});
  }
}

TEST_P(Pack, PanelsAreTheSameOneByOne) {
  const Source source(GetParam(), 201, 45, 3);
  const Layout layout = GetParam().layout();
  const std::vector<char> want = expected(layout, source.matrix());
  const int64_t panels = layout.panels(201), bytes = layout.panel_bytes(45);
  for (int64_t first = 0; first <= panels; ++first) {
    for (int64_t last = first; last <= panels; ++last) {
      const GuardedBuffer<char> got(static_cast<size_t>((last - first) * bytes), kFill, 256);
      EXPECT_TRUE(pack_panels(layout, source.matrix(), first, last, got.data()));
      EXPECT_TRUE(got.slack_untouched());
      EXPECT_TRUE(std::equal(want.begin() + first * bytes, want.begin() + last * bytes, got.data()))
          << first << " to " << last;
    }
  }
}

// Every row alone on a page between two without access, at its start and at its end.
TEST_P(Pack, ReadsNothingBetweenRows) {
  const Conversion c = GetParam();
  const int64_t page = sysconf(_SC_PAGESIZE), stride = 2 * page / c.size();
  for (const int64_t rows : {33, 70}) {
    for (const int64_t length : {1, 17, 64, 203}) {
      for (const bool at_end : {false, true}) {
        const auto bytes = static_cast<size_t>((2 * rows + 1) * page);
        char* const memory =
            static_cast<char*>(mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        ASSERT_NE(memory, MAP_FAILED);
        char* const first = memory + page + (at_end ? page - length * c.size() : 0);
        for (int64_t row = 0; row < rows; ++row) {
          char* const own_page = memory + (2 * row + 1) * page;
          ASSERT_EQ(mprotect(own_page, static_cast<size_t>(page), PROT_READ | PROT_WRITE), 0);
          std::memset(first + 2 * row * page, static_cast<int>(row + length), length * c.size());
        }
        expect_same(c, {first, c.type, c.along_n ? length : rows, c.along_n ? rows : length,
                        c.along_n ? 1 : stride, c.along_n ? stride : 1});
        munmap(memory, bytes);
      }
    }
  }
}

// Sides of one, where both strides may be 1.
TEST_P(Pack, TakesVectors) {
  const Conversion c = GetParam();
  for (const int64_t length : {1, 5, 40}) {
    const Source source(c, c.along_n ? length : 1, c.along_n ? 1 : length, 0);
    Matrix m = source.matrix();
    m.n_stride = m.k_stride = 1;
    expect_same(c, m);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, Pack, testing::ValuesIn(conversions()),
                         [](const auto& info) { return name_of(info.param); });

// Every exponent, denormals and infinity among them, of both signs x even, odd and carrying results
// x below, at and above the half x NaN with their payload in either part.
TEST(PackRounding, IsThatOfToBf16) {
  std::vector<float> values;
  for (uint32_t upper = 0; upper < 0x200; ++upper) {
    for (const uint32_t mantissa : {0x00, 0x01, 0x02, 0x40, 0x7E, 0x7F}) {
      for (const uint32_t rest : {0x0000, 0x0001, 0x7FFF, 0x8000, 0x8001, 0xFFFF}) {
        values.push_back(std::bit_cast<float>(upper << 23 | mantissa << 16 | rest));
      }
    }
  }
  const int64_t k = 144, n = static_cast<int64_t>(values.size()) / k;
  ASSERT_EQ(n * k, static_cast<int64_t>(values.size()));
  for (const Conversion& c : conversions()) {
    if (c.math != GemmMath::kBf16Wide || c.type != DataType::kFloat32) continue;
    const GuardedBuffer<float> source(values);
    const Matrix m{source.data(), c.type, n, k, c.along_n ? 1 : k, c.along_n ? n : 1};
    const GuardedBuffer<bf16> packed(static_cast<size_t>(c.layout().bytes(n, k)) / sizeof(bf16));
    ASSERT_TRUE(pack(c.layout(), m, packed.data(), Parallel()));
    for (int64_t row = 0; row < n; ++row) {
      for (int64_t col = 0; col < k; ++col) {
        const int64_t step = row / c.width * (k / 2) + col / 2;
        const bf16 got = packed.data()[(step * c.width + row % c.width) * 2 + col % 2];
        const float from = values[row * m.n_stride + col * m.k_stride];
        ASSERT_EQ(got, to_bf16(from)) << name_of(c) << std::hex << " " << std::bit_cast<int>(from);
      }
    }
  }
}

TEST(PackTypes, OthersAreRefused) {
  const GuardedBuffer<char> source(16 * 16 * 4), packed(16 * 16 * 4);
  const auto packs = [&](GemmMath math, DataType type) {
    const Matrix m{source.data(), type, 16, 16, 16, 1};
    return pack({math, 16}, m, packed.data(), Parallel());
  };
  EXPECT_FALSE(packs(GemmMath::kF32, DataType::kBFloat16));
  EXPECT_FALSE(packs(GemmMath::kF32, DataType::kFloat16));
  EXPECT_FALSE(packs(GemmMath::kBf16Wide, DataType::kFloat16));
  EXPECT_FALSE(packs(GemmMath::kF16, DataType::kFloat32));
  EXPECT_FALSE(packs(GemmMath::kF16, DataType::kBFloat16));
  EXPECT_TRUE(packs(GemmMath::kBf16Dot, DataType::kBFloat16));
}

}  // namespace
}  // namespace stoker::kernels::linear
