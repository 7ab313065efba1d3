// The base of every generator: xbyak, with memory, calling convention, registers and constants
// taken care of. Included by .cpp files only; the headers in gen/ do not show xbyak.
#pragma once

#include <xbyak/xbyak.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "jit/isa.h"
#include "jit/regs.h"

namespace stoker::jit {

// Writable memory for the code while it is written.
struct CodeBuffer {
  static constexpr size_t kBytes = 32 << 10;
  struct alignas(64) Block {  // so that align() means the same after the copy
    uint8_t bytes[kBytes];
  };
  std::unique_ptr<Block> block{new Block};
};

// One kernel: a function of one pointer. Written into memory of its own, then published to the
// arena; the object may go afterwards. The phases/ emit through it.
class Assembler : private CodeBuffer, public Xbyak::CodeGenerator {
 public:
  Assembler(const Assembler&) = delete;
  Assembler& operator=(const Assembler&) = delete;

  bool zmm() const noexcept { return isa_ >= Isa::kAvx512; }
  Isa isa() const noexcept { return isa_; }
  int vector_bytes() const noexcept { return zmm() ? 64 : 32; }

  Vec vec() { return {vectors_, vector(vectors_.take())}; }
  std::vector<Vec> vecs(int count);
  int vecs_left() const noexcept { return vectors_.left(); }

  // An operand whose every 32-bit lane is that constant. zmm: one word that the instruction
  // broadcasts, so only for instructions on 32-bit lanes; ymm: a whole vector.
  Xbyak::Address constant(uint32_t bits);
  Xbyak::Address constant(float value) { return constant(std::bit_cast<uint32_t>(value)); }
  // The same in a register.
  void load_constant(const Xbyak::Xmm& to, uint32_t bits);
  void load_constant(const Xbyak::Xmm& to, float value) {
    load_constant(to, std::bit_cast<uint32_t>(value));
  }

  static Xbyak::Xmm xmm_of(const Xbyak::Xmm& x) { return Xbyak::Xmm(x.getIdx()); }
  static Xbyak::Ymm ymm_of(const Xbyak::Xmm& x) { return Xbyak::Ymm(x.getIdx()); }

 protected:
  // ymm registers on AVX2, zmm beyond.
  explicit Assembler(Isa isa);

  // The argument arrives here (System V AMD64 ABI); never handed out.
  const Xbyak::Reg64 args = rdi;
  Gpr gpr();

  // Saves the callee-saved registers among those handed out so far; later only these and volatile
  // ones are. Debug builds fill every vector register with NaN: what was not set shows.
  void enter();
  void leave();

  // Appends the constants and publishes the code under `name`, which is the kernel's contract.
  // Throws Xbyak::Error when there is no executable memory.
  template <class Function>
  Function finish(const std::string& name) {
    return reinterpret_cast<Function>(reinterpret_cast<uintptr_t>(publish(name)));
  }

 private:
  Xbyak::Xmm vector(int index) const;
  const void* publish(const std::string& name);

  const Isa isa_;
  RegisterPool vectors_, scratch_, preserved_;
  uint32_t handed_out_ = 0;  // general-purpose registers, ever
  std::vector<Xbyak::Reg64> saved_;
  std::map<uint32_t, Xbyak::Label> constants_;
};

}  // namespace stoker::jit
