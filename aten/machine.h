// What select() and the kernels need to know of this machine and process.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/select.h"

namespace stoker::aten {

struct Machine {
  jit::Isa isa;
  const kernels::Calibration* calibration;
  kernels::Policy policy;
  int64_t l2_bytes;  // of one core
};

const Machine& machine();

// Does this CPU multiply bf16 faster than fp32? Tiles do. VDPBF16PS starts twice a cycle on AMD
// (Zen 5: 449 GFLOP/s of 235 in fp32), every second cycle on Intel (model 207: 93 of 185).
bool multiplies_bf16();

// select() for this machine.
kernels::Selection select_row(std::span<const kernels::Row> rows,
                              const kernels::MatmulProblem& problem);

// The same for a product of fp32 weights in bf16 mode. One with a bf16 tensor, which a graph keeps
// between its operators where multiplies_bf16(), has fp32 and a conversion as its rival: where
// nothing was measured, it gets the first row with instructions for bf16.
kernels::Selection select_rounded(std::span<const kernels::Row> rows,
                                  const kernels::MatmulProblem& problem);

}  // namespace stoker::aten
