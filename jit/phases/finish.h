// The end of a kernel: from a finished sum to a stored result, one register at a time.
#pragma once

#include "jit/assembler.h"
#include "jit/phases/epilogue.h"

namespace stoker::jit {

// Where the operands of one vector are. beta: a memory operand of one float, used when scaled.
struct FinishPlace {
  Xbyak::RegExp other, out, beta;
};

// Stores epilogue(x) at place.out as `out` elements; alpha and bias are in x already. x is lost.
// Takes finish_temps() registers.
void emit_finish(Assembler& a, const Epilogue& epilogue, Element out, const Xbyak::Xmm& x,
                 const FinishPlace& place);

int finish_temps(const Epilogue& epilogue, Element out) noexcept;

}  // namespace stoker::jit
