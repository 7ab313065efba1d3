// Conversions between fp32 and IEEE fp16 on whole rows, by F16C: for CPUs with AVX2 only.
#pragma once

#include <cstdint>

namespace stoker::kernels {

using f16 = uint16_t;  // the bits

void widen_f16_row(const f16* from, float* to, int64_t count) noexcept;

// Nearest even; too large becomes infinity, as in torch.
void narrow_f16_row(const float* from, f16* to, int64_t count) noexcept;

}  // namespace stoker::kernels
