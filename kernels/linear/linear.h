// linear: Y[M,N] = X[M,K] x W[N,K]^T (+ bias[N]).
#pragma once

#include <cstdint>

namespace stoker::kernels::linear {

// Operands of one product; row-major, leading dimensions in elements.
struct Operands {
  const float* x;     // [m, k], ldx >= k
  const float* w;     // [n, k], ldw >= k
  const float* bias;  // [n] or null
  float* y;           // [m, n], ldy >= n
  int64_t m, n, k;
  int64_t ldx, ldw, ldy;
};

// The reference twin: plain loops, double accumulation, one rounding. It defines the semantics:
// K = 0 gives the bias (or zero); NaN and Inf propagate by IEEE arithmetic.
void reference(const Operands& operands) noexcept;

}  // namespace stoker::kernels::linear
