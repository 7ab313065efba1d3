// Conversions between fp32 and bf16 on whole rows; plain loops that the compiler vectorises.
#pragma once

#include <bit>
#include <cstdint>

namespace stoker::kernels {

using bf16 = uint16_t;  // the bits

inline float to_float(bf16 x) noexcept {
  return std::bit_cast<float>(static_cast<uint32_t>(x) << 16);
}

// Nearest even; NaN becomes the quiet NaN 0x7FC0, as torch does (c10/util/BFloat16.h).
inline bf16 to_bf16(float x) noexcept {
  const auto bits = std::bit_cast<uint32_t>(x);
  const uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  const bool nan = (bits & 0x7FFFFFFF) > 0x7F800000;
  return static_cast<bf16>(nan ? 0x7FC0 : rounded);
}

inline void widen_row(const bf16* from, float* to, int64_t count) noexcept {
  for (int64_t i = 0; i < count; ++i) to[i] = to_float(from[i]);
}

inline void narrow_row(const float* from, bf16* to, int64_t count) noexcept {
  for (int64_t i = 0; i < count; ++i) to[i] = to_bf16(from[i]);
}

// fp32 with the values that bf16 can hold.
inline void round_row(const float* from, float* to, int64_t count) noexcept {
  for (int64_t i = 0; i < count; ++i) to[i] = to_float(to_bf16(from[i]));
}

}  // namespace stoker::kernels
