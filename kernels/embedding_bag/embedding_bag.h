// Embedding bags: out[b] = sum, mean or maximum of table[indices[i]] over the i of bag b.
#pragma once

#include <cstdint>

#include "jit/gen/embedding_bag.h"
#include "kernels/problem.h"

namespace stoker::kernels::embedding_bag {

using Mode = jit::BagMode;

struct Bags {
  const void* table;  // [rows, columns], columns contiguous
  DataType type;      // of table and out
  int64_t rows, columns;
  int64_t row_stride;  // elements between rows of the table, >= 0

  // Integers of index_bytes (4 or 8) bytes each, here and in the results below.
  const void* indices;  // [count]
  const void* offsets;  // [bags]: where each bag begins; the last ends at `count`
  int64_t index_bytes;
  int64_t count, bags;  // count: less than 2^31

  Mode mode;
  const float* scales = nullptr;  // [count], kSum only: each row is multiplied by its own
  int64_t padding = -1;           // the index that stands for no row; negative: there is none
  bool tracked = false;           // stock prepares a backward: the weight requires grad

  void* out;  // [bags, columns], rows out_stride elements apart
  int64_t out_stride;
  void* sizes = nullptr;        // [bags]: rows in each bag, without padding; may be null
  void* max_indices = nullptr;  // kMax: [bags, columns], the row of each value, 0 if empty; or null
  void* bag_of = nullptr;       // [count]: the bag of each index; may be null
};

enum class Outcome {
  kDone,
  kInvalid,   // an index outside the table, or offsets that do not ascend from 0 to count
  kNoKernel,  // no executable memory
};

// The reference twin: plain loops, double accumulation, one rounding. It defines the semantics.
Outcome reference(const Bags& bags) noexcept;

// Number `i` of an array of integers of 4 or 8 bytes.
inline int64_t integer_at(const void* array, int64_t i, int64_t bytes) noexcept {
  if (bytes == 8) return static_cast<const int64_t*>(array)[i];
  return static_cast<const int32_t*>(array)[i];
}
inline void set_integer(void* array, int64_t i, int64_t bytes, int64_t value) noexcept {
  if (bytes == 8) {
    static_cast<int64_t*>(array)[i] = value;
  } else {
    static_cast<int32_t*>(array)[i] = static_cast<int32_t>(value);
  }
}

}  // namespace stoker::kernels::embedding_bag
