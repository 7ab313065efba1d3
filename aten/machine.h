// What select() and the kernels need to know of this machine and process.
#pragma once

#include <cstdint>

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

}  // namespace stoker::aten
