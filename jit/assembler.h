// The base of every generator: xbyak, with the memory and the calling convention taken care of.
// Included by .cpp files only; the headers in gen/ do not show xbyak.
#pragma once

#include <xbyak/xbyak.h>

#include <cstddef>
#include <string>

namespace stoker::jit {

// One kernel. The memory is written first and executed after finish(): never both at once (W^X).
class Assembler : public Xbyak::CodeGenerator {
 public:
  Assembler(const Assembler&) = delete;
  Assembler& operator=(const Assembler&) = delete;

 protected:
  // Throws Xbyak::Error when no memory is to be had.
  Assembler() : Xbyak::CodeGenerator(kMaxBytes, Xbyak::DontSetProtectRWE) {}

  // Pushes the callee-saved registers that `count` temporaries need beyond the volatile ones; the
  // one argument is in `args` (System V AMD64 ABI: rdi). Registers come from temp(i).
  void enter(int temps);
  void leave();
  Xbyak::Reg64 temp(int i) const;
  const Xbyak::Reg64 args = rdi;

  // Makes the code executable and no longer writable.
  template <class Function>
  Function finish() {
    ready();
    setProtectModeRE();
    return getCode<Function>();
  }

 private:
  static constexpr size_t kMaxBytes = 16 << 10;
  int saved_ = 0;
};

}  // namespace stoker::jit
