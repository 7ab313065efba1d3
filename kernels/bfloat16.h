// Conversions between fp32 and bf16 on whole rows.
#pragma once

#include <emmintrin.h>

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

// Four values rounded as to_bf16 does, still in the upper halves (SSE2, in every x86-64). Left to
// the compiler, the choice for NaN made these loops scalar: 1 ns an element, a fifth of a product.
inline __m128i round_four(const float* from) noexcept {
  const __m128 x = _mm_loadu_ps(from);
  const __m128i bits = _mm_castps_si128(x);
  const __m128i odd = _mm_and_si128(_mm_srli_epi32(bits, 16), _mm_set1_epi32(1));
  const __m128i rounded =
      _mm_and_si128(_mm_add_epi32(_mm_add_epi32(bits, _mm_set1_epi32(0x7FFF)), odd),
                    _mm_set1_epi32(static_cast<int>(0xFFFF0000)));
  const __m128i nan = _mm_castps_si128(_mm_cmpunord_ps(x, x));
  return _mm_or_si128(_mm_andnot_si128(nan, rounded),
                      _mm_and_si128(nan, _mm_set1_epi32(0x7FC00000)));
}

inline void narrow_row(const float* from, bf16* to, int64_t count) noexcept {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    // Arithmetic shifts, so that the signed saturation of the pack never saturates.
    const __m128i low = _mm_srai_epi32(round_four(from + i), 16);
    const __m128i high = _mm_srai_epi32(round_four(from + i + 4), 16);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i), _mm_packs_epi32(low, high));
  }
  for (; i < count; ++i) to[i] = to_bf16(from[i]);
}

// fp32 with the values that bf16 can hold.
inline void round_row(const float* from, float* to, int64_t count) noexcept {
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    _mm_storeu_ps(to + i, _mm_castsi128_ps(round_four(from + i)));
  }
  for (; i < count; ++i) to[i] = to_float(to_bf16(from[i]));
}

}  // namespace stoker::kernels
