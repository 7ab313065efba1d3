// Recurrent layers on generated kernels and packed weights.
#pragma once

#include "kernels/parallel.h"
#include "kernels/rnn/pack.h"
#include "kernels/rnn/rnn.h"

namespace stoker::kernels::rnn {

struct JitOptions {
  // kF32 math with calls of fp32 throughout; the others with any types. Mixed: h is fp32 there.
  PackLayout layout;
  const void* packed;  // by pack(layout, ...)
  int64_t l2_bytes;    // of one core
};

// True when done. False, with the results undefined, when a kernel cannot be generated or scratch
// memory is not to be had. Sums, gates and c are fp32 inside; h is rounded to the call's type.
// Mixed calls round what is multiplied to bf16 and nothing else. The result does not depend on the
// number of threads.
bool run_jit(const Call& call, const JitOptions& options, const Parallel& parallel) noexcept;

}  // namespace stoker::kernels::rnn
