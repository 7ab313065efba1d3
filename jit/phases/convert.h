// Loads that widen to fp32 and stores that round from it.
#pragma once

#include "jit/assembler.h"
#include "jit/phases/epilogue.h"

namespace stoker::jit {

// to <- a vector of elements at `from`, as fp32.
void emit_load(Assembler& a, Element type, const Xbyak::Xmm& to, const Xbyak::RegExp& from);

// to <- the bf16 at even places of a vector at `from`, as fp32: the lower halves of its lanes.
void emit_load_even(Assembler& a, const Xbyak::Xmm& to, const Xbyak::Address& from);

// Stores fp32 lanes as elements, rounded to nearest even; x is lost. NaN becomes the quiet NaN
// 0x7FC0 in bf16, as in torch. Takes up to two temporaries. AVX512_BF16's own conversion flushes
// denormals, ours for older CPUs does not.
void emit_store(Assembler& a, Element type, const Xbyak::RegExp& to, const Xbyak::Xmm& x);

// x <- its fp32 lanes rounded to bf16 as emit_store does, each in the lower half of the lane, the
// upper half zero. Takes up to two temporaries, beyond AVX2 also k1.
void emit_round_to_bf16(Assembler& a, const Xbyak::Xmm& x);

}  // namespace stoker::jit
