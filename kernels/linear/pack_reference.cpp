#include <cstring>

#include "kernels/bfloat16.h"
#include "kernels/linear/pack.h"

namespace stoker::kernels::linear {
namespace {

// The bits of element (row, col), zero outside of the matrix.
uint32_t element(const Matrix& m, int64_t row, int64_t col) noexcept {
  if (row >= m.n || col >= m.k) return 0;
  const int64_t index = row * m.n_stride + col * m.k_stride;
  const size_t size = m.type == DataType::kFloat32 ? 4 : 2;
  uint32_t bits = 0;
  std::memcpy(&bits, static_cast<const char*>(m.data) + index * static_cast<int64_t>(size), size);
  return bits;
}

uint16_t half(const Matrix& m, int64_t row, int64_t col) noexcept {
  const uint32_t bits = element(m, row, col);
  return m.type == DataType::kFloat32 ? to_bf16(std::bit_cast<float>(bits))
                                      : static_cast<uint16_t>(bits);
}

}  // namespace

void pack_reference(const Layout& layout, const Matrix& weight, void* packed) noexcept {
  char* to = static_cast<char*>(packed);
  const auto put = [&to](const auto& value) {
    std::memcpy(to, &value, sizeof(value));
    to += sizeof(value);
  };
  for (int64_t first = 0; first < weight.n; first += layout.width) {
    const int64_t end = first + layout.width;
    for (int64_t step = 0; step < layout.steps(weight.k); ++step) {
      if (layout.math == jit::GemmMath::kF32) {
        for (int64_t row = first; row < end; ++row) put(element(weight, row, step));
      } else if (layout.math == jit::GemmMath::kF16) {
        for (int64_t row = first; row < end; ++row) put(half(weight, row, 2 * step));
        for (int64_t row = first; row < end; ++row) put(half(weight, row, 2 * step + 1));
      } else {
        for (int64_t row = first; row < end; ++row) {
          put(half(weight, row, 2 * step));
          put(half(weight, row, 2 * step + 1));
        }
      }
    }
  }
}

}  // namespace stoker::kernels::linear
