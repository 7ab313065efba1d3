#include "jit/assembler.h"

#include <iterator>

namespace stoker::jit {
namespace {

using Xbyak::Operand;

// Volatile ones first, then the callee-saved ones; rdi holds the argument, rsp the stack.
constexpr Operand::Code kTemps[] = {Operand::RAX, Operand::RCX, Operand::RDX, Operand::RSI,
                                    Operand::R8,  Operand::R9,  Operand::R10, Operand::R11,
                                    Operand::RBX, Operand::RBP, Operand::R12, Operand::R13,
                                    Operand::R14, Operand::R15};
constexpr int kVolatile = 8;

}  // namespace

Xbyak::Reg64 Assembler::temp(int i) const { return Xbyak::Reg64(kTemps[i]); }

void Assembler::enter(int temps) {
  if (temps > static_cast<int>(std::size(kTemps))) {
    throw Xbyak::Error(Xbyak::ERR_INTERNAL);
  }
  saved_ = temps > kVolatile ? temps - kVolatile : 0;
  for (int i = 0; i < saved_; ++i) push(temp(kVolatile + i));
}

void Assembler::leave() {
  for (int i = saved_; i-- > 0;) pop(temp(kVolatile + i));
  vzeroupper();
  ret();
}

}  // namespace stoker::jit
