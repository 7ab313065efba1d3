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

}  // namespace stoker::aten
