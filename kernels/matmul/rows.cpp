#include "kernels/matmul/rows.h"

#include <cstring>

#include "kernels/bfloat16.h"
#include "kernels/element.h"

namespace stoker::kernels::matmul {

void convert_a_row(jit::GemmMath math, DataType type, const char* from, char* to, int64_t k,
                   int64_t padded_k) noexcept {
  const int64_t element = math == jit::GemmMath::kBf16Dot ? 2 : 4;
  std::memset(to + k * element, 0, static_cast<size_t>((padded_k - k) * element));
  const auto* floats = reinterpret_cast<const float*>(from);
  const auto* halves = reinterpret_cast<const uint16_t*>(from);
  if (math == jit::GemmMath::kBf16Dot) {
    auto* const narrow = reinterpret_cast<bf16*>(to);
    if (type == DataType::kFloat32) {
      narrow_row(floats, narrow, k);
    } else {
      std::memcpy(narrow, halves, static_cast<size_t>(k) * 2);
    }
    return;
  }
  auto* const wide = reinterpret_cast<float*>(to);
  if (type == DataType::kFloat32) {
    round_row(floats, wide, k);
  } else {
    widen(type, from, wide, k);
  }
}

void copy_d_row(const Operand& d, const char* from, char* to, int64_t count, bool rounds) noexcept {
  const int64_t size = size_of(d.type), stride = d.col_stride * size;
  if (rounds) {
    auto* const halves = reinterpret_cast<bf16*>(to);
    for (int64_t i = 0; i < count; ++i) {
      float value;
      std::memcpy(&value, from + i * stride, 4);
      halves[i] = to_bf16(value);
    }
  } else if (d.col_stride == 1) {
    std::memcpy(to, from, static_cast<size_t>(count * size));
  } else if (size == 4) {
    for (int64_t i = 0; i < count; ++i) std::memcpy(to + i * 4, from + i * stride, 4);
  } else {
    for (int64_t i = 0; i < count; ++i) std::memcpy(to + i * 2, from + i * stride, 2);
  }
}

}  // namespace stoker::kernels::matmul
