// Panels of a matrix of any strides, for one product: packed, used and forgotten.
#pragma once

#include <cstdint>

#include "kernels/linear/pack.h"
#include "kernels/problem.h"

namespace stoker::kernels::matmul {

// B as [n, k]; strides in elements, one of them 1 (or its extent 1).
struct Matrix {
  const void* data;
  DataType type;
  int64_t n, k;
  int64_t n_stride, k_stride;
};

// Packs panels [first, last) of `matrix` as linear::pack does, on the calling thread; `packed` is
// where panel `first` goes. False when the types do not go with the layout.
bool pack_panels(const linear::Layout& layout, const Matrix& matrix, int64_t first, int64_t last,
                 void* packed) noexcept;

}  // namespace stoker::kernels::matmul
