// linear on generated kernels and packed weights: blocking, threads and row blocks.
#pragma once

#include <cstdint>

#include "jit/gen/gemm.h"
#include "kernels/linear/pack.h"
#include "kernels/parallel.h"
#include "kernels/problem.h"

namespace stoker::kernels::linear {

// Y[m, n] = X[m, k] x W[n, k]^T (+ bias[n]); X and Y row-major without gaps. bf16 layouts round an
// fp32 X to nearest even, an fp16 one goes with an fp16 layout; sums are fp32, and Y is rounded
// once.
struct Product {
  const void* x;
  DataType x_type;
  const void* packed;  // by pack(layout, ...)
  const void* bias;    // [n] or null
  DataType bias_type;
  void* y;
  DataType y_type;
  int64_t m, n, k;
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
