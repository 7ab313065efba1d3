// Quotients and sizes rounded up: of blocks that cover something.
#pragma once

#include <cstdint>

namespace stoker::kernels {

// Of numbers >= 0; the second is not 0.
constexpr int64_t ceil_div(int64_t a, int64_t b) noexcept { return (a + b - 1) / b; }
constexpr int64_t round_up(int64_t value, int64_t step) noexcept {
  return ceil_div(value, step) * step;
}

}  // namespace stoker::kernels
