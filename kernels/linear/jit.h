// linear on generated kernels and packed weights: blocking, threads and row blocks.
#pragma once

#include <cstdint>

#include "jit/gen/gemm.h"
#include "kernels/linear/pack.h"
#include "kernels/parallel.h"
#include "kernels/problem.h"

namespace stoker::kernels::linear {

// Y[m, n] = epilogue(X[m, k] x W[n, k]^T + bias[n], other[m, n]); rows of X, Y and `other` are so
// many elements apart. bf16 layouts round an fp32 X to nearest even, an fp16 one goes with an fp16
// layout; sums and epilogue are fp32, and Y is rounded once.
struct Product {
  const void* x;
  DataType x_type;
  int64_t ldx;         // >= k
  const void* packed;  // by pack(layout, ...)
  const void* bias;    // [n] or null
  DataType bias_type;
  void* y;
  DataType y_type;
  int64_t ldy;  // >= n
  int64_t m, n, k;
  jit::Epilogue epilogue = {};  // epilogue.other says the type of:
  const void* other = nullptr;  // may be y itself
  int64_t ldo = 0;              // >= n
  float alpha = 1, beta = 1;    // of a scaled epilogue
};

struct JitOptions {
  jit::Isa isa;
  Layout layout;
  int64_t l2_bytes;  // of one core: what blocks are cut for
};

// True when done. False, with Y untouched, when a kernel cannot be generated or scratch memory is
// not to be had. One order of summation per element: the result does not depend on m, nor on the
// number of threads.
bool run_jit(const Product& product, const JitOptions& options, const Parallel& parallel) noexcept;

}  // namespace stoker::kernels::linear
