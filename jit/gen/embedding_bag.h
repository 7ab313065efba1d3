// One bag of an embedding table: the sum, mean or maximum of the rows that its indices name.
#pragma once

#include <cstdint>

#include "jit/phases/epilogue.h"

namespace stoker::jit {

enum class BagMode : uint8_t { kSum, kMean, kMax };

// What the code depends on: bytes without gaps, the key of the cache.
struct BagConfig {
  uint16_t columns;  // of the block, 1 to bag_max_columns()
  Element element;   // of the table and of the result
  BagMode mode;
  uint8_t lanes;        // bag_lanes() of at most `columns`
  uint8_t index_bytes;  // 4 or 8: int32 or int64
  uint8_t scaled;       // each row by a number of its own; kSum
  uint8_t padded;       // one index stands for no row
  uint8_t ahead;        // indices ahead of the present one whose row is prefetched
  uint8_t unused = 0;

  bool operator==(const BagConfig&) const = default;
};

struct BagArgs {
  const char* table;    // the block's first column in row 0
  const void* indices;  // of the bag
  const void* end;      // of all indices that follow, this bag's and others
  const float* scales;  // one an index
  char* out;            // `columns` elements
  void* max_indices;    // kMax: which row gave each column, as an index; 0 in an empty bag
  int64_t count;        // of indices in the bag, 0 to 2^31 - 1
  int64_t rows;         // of the table; of kMax at most 2^31
  int64_t row_bytes;
  int64_t padding;  // the index that stands for no row
  int64_t used;     // set: rows that are in the result; -1: an index is outside the table
};

// With used = -1 the result is undefined, and no row outside the table was read.
using BagKernel = void (*)(BagArgs*) noexcept;

// Lanes of a vector for blocks of so many columns: the largest of 16 (AVX-512), 8, 4, 1 that fits.
// The last vector ends with the block and overlaps its neighbour, so nothing is masked.
constexpr int bag_lanes(bool avx512, int64_t columns) {
  if (avx512 && columns >= 16) return 16;
  return columns >= 8 ? 8 : columns >= 4 ? 4 : 1;
}

// Columns whose sums the registers hold.
constexpr int bag_max_columns(BagMode mode, int lanes) {
  if (mode == BagMode::kMax) return (lanes == 16 ? 12 : 5) * lanes;
  return (lanes == 16 ? 24 : 12) * lanes;
}

// Rows are added in the order of their indices, one accumulator a column, in fp32, and rounded
// once; the mean divides the sum by the number of rows. The maximum is the first row's value until
// a later one is greater, so NaN stays where it came first, as in torch. Null when the kernel
// cannot be generated (no executable memory). Thread-safe.
BagKernel get_bag(const BagConfig& config) noexcept;

}  // namespace stoker::jit
