// Fused multiplications, one rounding each.
#pragma once

namespace stoker::tests::emulator {

// r[n] <- x[n] * y[n] + z[n] for 16 floats; rounding and flushing by MXCSR. Arrays may be the same.
using Fma16 = void (*)(float* r, const float* x, const float* y, const float* z);

// By the CPU's own FMA where it has one, else by libm's fmaf.
extern const Fma16 fma16;

// MXCSR of the instructions that ignore it, VDPBF16PS and TDPBF16PS: denormals are zero on both
// sides, rounding to nearest even, no exceptions.
constexpr unsigned kBf16Control = 0x9FC0;

}  // namespace stoker::tests::emulator
