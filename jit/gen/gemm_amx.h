// The block kernel of matrix products on AMX tiles, with the configuration and arguments of gemm.h.
#pragma once

#include "jit/gen/gemm.h"

namespace stoker::jit {

// For GemmMath::kBf16Amx: 1 to 16 rows with 1 to 4 vectors of columns, or 17 to 32 rows with 1
// or 2. Even and odd k are summed apart over 32 of them, then added to the element (Intel SDM vol.
// 2, TDPBF16PS): the same order for any number of rows and any split of k at multiples of 32. Null
// when the kernel cannot be generated. Thread-safe. The thread needs permission to use tiles:
// host_cpu() asked for the process.
GemmKernel get_gemm_amx(const GemmConfig& config) noexcept;

}  // namespace stoker::jit
