// Every instruction set a kernel can be generated for, on any machine.
#pragma once

#include <cstdio>
#include <vector>

#include "jit/isa.h"
#include "tests/support/emulator/emulator.h"

namespace stoker::tests {

inline std::vector<jit::Isa> each_isa() {
  return {jit::Isa::kAvx2, jit::Isa::kAvx512, jit::Isa::kAvx512Bf16, jit::Isa::kAmx};
}

inline bool runs_natively(jit::Isa isa) { return isa <= jit::host_cpu().isa; }

// How a test's results say it.
inline const char* how(jit::Isa isa) { return runs_natively(isa) ? "native" : "emulated"; }

// Call it before the first kernel of `isa`. Where the CPU has it, illegal instructions stay what
// they are: a test of AVX2 kernels alone never installs the emulator.
inline void make_runnable(jit::Isa isa) {
  if (!runs_natively(isa)) install_emulator();
}

}  // namespace stoker::tests
