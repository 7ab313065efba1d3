// Products on tiles written with the compiler's intrinsics: code that is not ours.
#pragma once

#include <cstdint>

namespace stoker::tests {

// C[32,32] += A[32,k] x B in pairs [k/2][32][2]; k a multiple of 32; rows without gaps.
void amx_bf16_by_compiler(const uint16_t* a, const uint16_t* b, float* c, int64_t k);
// The same on bytes, B in fours [k/4][32][4]; k a multiple of 64; signed times unsigned.
void amx_int8_by_compiler(const int8_t* a, const uint8_t* b, int32_t* c, int64_t k);

}  // namespace stoker::tests
