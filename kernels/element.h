// Elements by type, each as fp32; single ones for reference twins.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernels/bfloat16.h"
#include "kernels/float16.h"
#include "kernels/problem.h"

namespace stoker::kernels {

inline void widen(DataType type, const void* from, float* to, int64_t count) noexcept {
  if (type == DataType::kFloat32) {
    std::memcpy(to, from, static_cast<size_t>(count) * 4);
  } else if (type == DataType::kFloat16) {
    widen_f16_row(static_cast<const f16*>(from), to, count);
  } else {
    widen_row(static_cast<const bf16*>(from), to, count);
  }
}

inline float load_element(const void* data, DataType type, int64_t i) noexcept {
  if (type == DataType::kFloat32) return static_cast<const float*>(data)[i];
  const uint16_t half = static_cast<const uint16_t*>(data)[i];
  if (type == DataType::kBFloat16) return to_float(half);
  float value;
  widen_f16_row(&half, &value, 1);
  return value;
}

// Rounded to nearest even.
inline void store_element(void* data, DataType type, int64_t i, float value) noexcept {
  if (type == DataType::kFloat32) {
    static_cast<float*>(data)[i] = value;
  } else if (type == DataType::kBFloat16) {
    static_cast<bf16*>(data)[i] = to_bf16(value);
  } else {
    narrow_f16_row(&value, static_cast<f16*>(data) + i, 1);
  }
}

}  // namespace stoker::kernels
