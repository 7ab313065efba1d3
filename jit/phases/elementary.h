// Elementary functions on the fp32 lanes of a register. Temporaries come from the assembler's pool
// and go back: 6 of them at most.
#pragma once

#include "jit/assembler.h"
#include "jit/phases/epilogue.h"

namespace stoker::jit {

// x <- e^x within 2 ulp; 0 below -104 (AVX2: below -87.7, without
// denormals), infinity above 88.7. NaN stays NaN.
void emit_exp(Assembler& a, const Xbyak::Xmm& x);

// x <- 1 / (1 + e^-x), without cancellation on either side.
void emit_sigmoid(Assembler& a, const Xbyak::Xmm& x);

// x <- tanh x within 4 ulp.
void emit_tanh(Assembler& a, const Xbyak::Xmm& x);

// x <- activation(x). NaN stays NaN, infinities give what torch gives.
void emit_activation(Assembler& a, Activation activation, const Xbyak::Xmm& x);

// Registers that emit_activation takes at most.
int activation_temps(Activation activation) noexcept;

}  // namespace stoker::jit
