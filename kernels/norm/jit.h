// Normalization on generated kernels.
#pragma once

#include "kernels/norm/norm.h"
#include "kernels/parallel.h"

namespace stoker::kernels::norm {

// False, and nothing written, when there is no memory for a kernel. The same bits at any number of
// threads, and for a row whatever the others are.
bool run_jit(const Call& call, jit::Isa isa, const Parallel& parallel) noexcept;

}  // namespace stoker::kernels::norm
