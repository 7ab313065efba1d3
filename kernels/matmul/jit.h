// Batched products on generated kernels: blocking, packing on the fly, threads.
#pragma once

#include <cstdint>

#include "jit/gen/gemm.h"
#include "kernels/matmul/matmul.h"
#include "kernels/parallel.h"

namespace stoker::kernels::matmul {

struct JitOptions {
  jit::Isa isa;
  jit::GemmMath math;
  int64_t l2_bytes;  // of one core: what blocks are cut for
};

// A needs k contiguous, B needs k or n contiguous. True when done. False, with C undefined, when a
// kernel cannot be generated or scratch memory is not to be had. One order of summation per
// element: the result depends neither on batch and m nor on the number of threads.
bool run_jit(const Product& product, const JitOptions& options, const Parallel& parallel) noexcept;

}  // namespace stoker::kernels::matmul
