#include "kernels/matmul/pack_panels.h"

#include <emmintrin.h>

#include <algorithm>
#include <cstring>

#include "kernels/bfloat16.h"

namespace stoker::kernels::matmul {
namespace {

using jit::GemmMath;
using linear::Layout;

constexpr int64_t kChunk = 256;  // of k: what is converted at a time

// One panel: `columns` <= width of them exist.
struct Panel {
  const Layout& layout;
  const Matrix& matrix;
  int64_t first, columns;
  char* to;

  int64_t size() const { return matrix.type == DataType::kFloat32 ? 4 : 2; }
  const char* at(int64_t column, int64_t k) const {
    return static_cast<const char*>(matrix.data) +
           ((first + column) * matrix.n_stride + k * matrix.k_stride) * size();
  }
  char* step(int64_t number) const { return to + number * layout.step_bytes(); }
};

// Four rows of words become a column of each of the steps.
void transpose_four(const float* const rows[4], int64_t steps, float* to, int64_t width) noexcept {
  int64_t s = 0;
  for (; s + 4 <= steps; s += 4) {
    __m128 r0 = _mm_loadu_ps(rows[0] + s), r1 = _mm_loadu_ps(rows[1] + s);
    __m128 r2 = _mm_loadu_ps(rows[2] + s), r3 = _mm_loadu_ps(rows[3] + s);
    _MM_TRANSPOSE4_PS(r0, r1, r2, r3);
    _mm_storeu_ps(to + s * width, r0);
    _mm_storeu_ps(to + (s + 1) * width, r1);
    _mm_storeu_ps(to + (s + 2) * width, r2);
    _mm_storeu_ps(to + (s + 3) * width, r3);
  }
  for (; s < steps; ++s) {
    for (int row = 0; row < 4; ++row) std::memcpy(to + s * width + row, rows[row] + s, 4);
  }
}

// Four rows of pairs become four halves of the even k and, `width` halves on, four of the odd k.
void split_four(const float* const rows[4], int64_t steps, uint16_t* to, int64_t width) noexcept {
  for (int64_t s = 0; s < steps; ++s) {
    int32_t words[4];
    for (int row = 0; row < 4; ++row) std::memcpy(words + row, rows[row] + s, 4);
    const __m128i pairs = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words));
    const __m128i even = _mm_srai_epi32(_mm_slli_epi32(pairs, 16), 16);
    const __m128i halves = _mm_packs_epi32(even, _mm_srai_epi32(pairs, 16));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to + 2 * s * width), halves);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to + (2 * s + 1) * width),
                     _mm_unpackhi_epi64(halves, halves));
  }
}

// k values of a column from `k` on as words of one step each; in `buffer` when they must be
// converted or completed by a zero.
const float* words(const Panel& panel, int64_t column, int64_t k, int64_t count, bf16* buffer) {
  alignas(16) static constexpr float kZeros[kChunk] = {};
  if (column >= panel.columns) return kZeros;
  const char* from = panel.at(column, k);
  const bool f32 = panel.matrix.type == DataType::kFloat32;
  if (panel.layout.math == GemmMath::kF32 || (!f32 && count % 2 == 0)) {
    return reinterpret_cast<const float*>(from);
  }
  if (count % 2 != 0) buffer[count] = 0;
  f32 ? narrow_row(reinterpret_cast<const float*>(from), buffer, count)
      : static_cast<void>(std::memcpy(buffer, from, static_cast<size_t>(count) * 2));
  return reinterpret_cast<const float*>(buffer);
}

void pack_along_k(const Panel& panel) noexcept {
  alignas(16) bf16 buffers[4][kChunk];
  const int width = panel.layout.width;
  for (int64_t k = 0; k < panel.matrix.k; k += kChunk) {
    const int64_t count = std::min(kChunk, panel.matrix.k - k), steps = panel.layout.steps(count);
    char* const to = panel.step(panel.layout.steps(k));
    for (int column = 0; column < width; column += 4) {
      const float* rows[4];
      for (int i = 0; i < 4; ++i) rows[i] = words(panel, column + i, k, count, buffers[i]);
      if (panel.layout.math == GemmMath::kF16) {
        split_four(rows, steps, reinterpret_cast<uint16_t*>(to) + column, width);
      } else {
        transpose_four(rows, steps, reinterpret_cast<float*>(to) + column, width);
      }
    }
  }
}

// `count` is the width of a panel nearly always: a copy of vectors, not a call.
void copy_padded(const char* from, char* to, int64_t count, int64_t width) noexcept {
  if (count == width) {
    for (int64_t i = 0; i < width; i += 16) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i),
                       _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i)));
    }
    return;
  }
  std::memcpy(to, from, static_cast<size_t>(count));
  std::memset(to + count, 0, static_cast<size_t>(width - count));
}

// Two rows of halves, a pair a word.
void interleave(const uint16_t* even, const uint16_t* odd, uint16_t* to, int64_t count) noexcept {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m128i e = _mm_loadu_si128(reinterpret_cast<const __m128i*>(even + i));
    const __m128i o = _mm_loadu_si128(reinterpret_cast<const __m128i*>(odd + i));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 2 * i), _mm_unpacklo_epi16(e, o));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 2 * i + 8), _mm_unpackhi_epi16(e, o));
  }
  for (; i < count; ++i) to[2 * i] = even[i], to[2 * i + 1] = odd[i];
}

void round_and_interleave(const float* even, const float* odd, uint16_t* to,
                          int64_t count) noexcept {
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const __m128i low = _mm_srli_epi32(round_four(even + i), 16);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 2 * i),
                     _mm_or_si128(low, round_four(odd + i)));
  }
  for (; i < count; ++i) to[2 * i] = to_bf16(even[i]), to[2 * i + 1] = to_bf16(odd[i]);
}

void pack_along_n(const Panel& panel) noexcept {
  static constexpr float kZeros[64] = {};
  const int64_t width = panel.layout.width, columns = panel.columns, k = panel.matrix.k;
  if (panel.layout.math == GemmMath::kF32) {
    for (int64_t i = 0; i < k; ++i)
      copy_padded(panel.at(0, i), panel.step(i), columns * 4, width * 4);
    return;
  }
  for (int64_t i = 0; i < k; i += 2) {
    const char* const even = panel.at(0, i);
    const char* const odd = i + 1 < k ? panel.at(0, i + 1) : reinterpret_cast<const char*>(kZeros);
    char* const to = panel.step(i / 2);
    if (panel.layout.math == GemmMath::kF16) {
      copy_padded(even, to, columns * 2, width * 2);
      copy_padded(odd, to + width * 2, columns * 2, width * 2);
      continue;
    }
    auto* const pairs = reinterpret_cast<uint16_t*>(to);
    if (panel.matrix.type == DataType::kFloat32) {
      round_and_interleave(reinterpret_cast<const float*>(even),
                           reinterpret_cast<const float*>(odd), pairs, columns);
    } else {
      interleave(reinterpret_cast<const uint16_t*>(even), reinterpret_cast<const uint16_t*>(odd),
                 pairs, columns);
    }
    std::memset(pairs + 2 * columns, 0, static_cast<size_t>(width - columns) * 4);
  }
}

}  // namespace

bool pack_panels(const Layout& layout, const Matrix& matrix, int64_t first, int64_t last,
                 void* packed) noexcept {
  const bool f16 = layout.math == GemmMath::kF16;
  if (f16 != (matrix.type == DataType::kFloat16)) return false;
  if (layout.math == GemmMath::kF32 && matrix.type != DataType::kFloat32) return false;
  for (int64_t number = first; number < last; ++number) {
    const int64_t column = number * layout.width;
    const Panel panel{layout, matrix, column, std::min<int64_t>(layout.width, matrix.n - column),
                      static_cast<char*>(packed) + (number - first) * layout.panel_bytes(matrix.k)};
    matrix.k_stride == 1 ? pack_along_k(panel) : pack_along_n(panel);
  }
  return true;
}

}  // namespace stoker::kernels::matmul
