// Bags of an embedding table: the sum, mean or maximum of the rows that their indices name.
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
  uint8_t counted;      // sizes are wanted
  uint8_t indexed;      // kMax: max_indices are wanted
  uint8_t ahead;        // indices ahead of the present one whose row is prefetched
  uint8_t unused = 0;

  bool operator==(const BagConfig&) const = default;
};

struct BagArgs {
  const char* table;    // the block's first column in row 0
  const void* indices;  // of all bags
  const void* end;      // of all indices that may be read
  const void* offsets;  // [bags + 1]: where each bag begins and the last one ends; they ascend
  const float* scales;  // one an index, of all bags
  char* out;            // `columns` elements a bag, out_bytes apart
  void* sizes;          // counted: [bags], rows in each, as indices are
  void* max_indices;    // indexed: the row of each value, 0 in an empty bag; max_bytes apart
  int64_t bags;         // >= 1
  int64_t rows;         // of the table; of kMax at most 2^31
  int64_t row_bytes, out_bytes, max_bytes;
  int64_t padding;  // the index that stands for no row
  int64_t valid;    // set: 1, or 0 when an index is outside the table
};

// Not valid: the results are undefined, and no row outside the table was read. A bag has less than
// 2^31 indices.
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
