#include "kernels/linear/pack.h"

#include <emmintrin.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/bfloat16.h"

namespace stoker::kernels::linear {
namespace {

// Four rows of words become a column of each of the steps: 4x4 transposes (SSE, in every x86-64).
// `to` is the first step's place for these four columns; steps are `width` words apart.
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

// Four rows of pairs become, for each pair, four halves of its even k and, `width` halves on, four
// of its odd k.
void split_four(const float* const rows[4], int64_t steps, uint16_t* to, int64_t width) noexcept {
  for (int64_t s = 0; s < steps; ++s) {
    int32_t words[4];
    for (int row = 0; row < 4; ++row) std::memcpy(words + row, rows[row] + s, 4);
    const __m128i pairs = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words));
    // Sign-extended, so that the pack never saturates.
    const __m128i even = _mm_srai_epi32(_mm_slli_epi32(pairs, 16), 16);
    const __m128i halves = _mm_packs_epi32(even, _mm_srai_epi32(pairs, 16));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to + 2 * s * width), halves);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to + (2 * s + 1) * width),
                     _mm_unpackhi_epi64(halves, halves));
  }
}

// Rows as words of one step each: fp32, or pairs of 16-bit values, which are moved about unseen.
class WordRows {
 public:
  WordRows(const Layout& layout, const void* weight, DataType type, int64_t k)
      : weight_(static_cast<const char*>(weight)),
        type_(type),
        k_(k),
        steps_(layout.steps(k)),
        direct_(layout.math == jit::GemmMath::kF32 || (type != DataType::kFloat32 && k % 2 == 0)) {
    if (!direct_) converted_.resize(static_cast<size_t>(4 * steps_ * 2));
  }

  // Row `row` of the weight; `slot` 0..3 says which conversion buffer to use.
  const float* get(int64_t row, int slot) {
    const char* source = weight_ + row * k_ * (type_ == DataType::kFloat32 ? 4 : 2);
    if (direct_) return reinterpret_cast<const float*>(source);
    bf16* to = converted_.data() + slot * steps_ * 2;
    if (k_ % 2 != 0) to[k_] = 0;
    if (type_ == DataType::kFloat32) {
      narrow_row(reinterpret_cast<const float*>(source), to, k_);
    } else {
      std::memcpy(to, source, static_cast<size_t>(k_) * 2);
    }
    return reinterpret_cast<const float*>(to);
  }

 private:
  const char* weight_;
  DataType type_;
  int64_t k_, steps_;
  bool direct_;
  std::vector<bf16> converted_;
};

}  // namespace

void pack(const Layout& layout, const void* weight, DataType type, int64_t n, int64_t k,
          void* packed, const Parallel& parallel) {
  const int64_t steps = layout.steps(k);
  const std::vector<float> zeros(static_cast<size_t>(steps));
  parallel.for_each_range(layout.panels(n), [&](int64_t begin, int64_t end) {
    WordRows words(layout, weight, type, k);
    for (int64_t panel = begin; panel < end; ++panel) {
      float* to = static_cast<float*>(packed) + panel * steps * layout.width;
      for (int column = 0; column < layout.width; column += 4) {
        const float* rows[4];
        for (int i = 0; i < 4; ++i) {
          const int64_t row = panel * layout.width + column + i;
          rows[i] = row < n ? words.get(row, i) : zeros.data();
        }
        if (layout.math == jit::GemmMath::kF16) {
          split_four(rows, steps, reinterpret_cast<uint16_t*>(to) + column, layout.width);
        } else {
          transpose_four(rows, steps, to + column, layout.width);
        }
      }
    }
  });
}

}  // namespace stoker::kernels::linear
