// What a matrix product asks for, free of torch: the input of select().
#pragma once

#include <cstdint>

namespace stoker::kernels {

enum class DataType : uint8_t { kFloat32, kBFloat16, kFloat16 };

// Along which index B is contiguous: what packing it on the fly costs. Of a weight, which is packed
// ahead, it does not matter.
enum class Order : uint8_t { kAlongK, kAlongN };

// C[M,N] (+ bias[N]) = A[M,K] x B[K,N], `batch` times. B is a weight when it may be packed ahead.
struct MatmulProblem {
  int64_t m = 0;
  int64_t n = 0;
  int64_t k = 0;
  int64_t batch = 1;
  DataType input = DataType::kFloat32;     // of A
  DataType multiply = DataType::kFloat32;  // what the operands are rounded to; sums are fp32
  DataType output = DataType::kFloat32;    // of C
  bool has_bias = false;
  Order order = Order::kAlongK;
};

}  // namespace stoker::kernels
