#include "jit/assembler.h"

#include "jit/arena.h"
#include "jit/inspect.h"

namespace stoker::jit {
namespace {

using Xbyak::Operand;

constexpr uint32_t bit(int code) { return 1u << code; }

// rsp is the stack, rdi the argument.
constexpr uint32_t kUsable = 0xFFFFu & ~bit(Operand::RSP) & ~bit(Operand::RDI);
// System V AMD64 ABI 1.0, figure 3.4.
constexpr uint32_t kCalleeSaved = bit(Operand::RBX) | bit(Operand::RBP) | bit(Operand::R12) |
                                  bit(Operand::R13) | bit(Operand::R14) | bit(Operand::R15);

}  // namespace

Assembler::Assembler(Isa isa)
    : Xbyak::CodeGenerator(kBytes, block->bytes),
      isa_(isa),
      vectors_(isa >= Isa::kAvx512 ? 0xFFFFFFFFu : 0xFFFFu),
      scratch_(kUsable & ~kCalleeSaved),
      preserved_(kCalleeSaved) {}

Xbyak::Xmm Assembler::vector(int index) const {
  return zmm() ? Xbyak::Xmm(Xbyak::Zmm(index)) : Xbyak::Xmm(Xbyak::Ymm(index));
}

std::vector<Vec> Assembler::vecs(int count) {
  std::vector<Vec> taken;
  taken.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) taken.push_back(vec());
  return taken;
}

Gpr Assembler::gpr() {
  RegisterPool& pool = scratch_.left() > 0 ? scratch_ : preserved_;
  const int index = pool.take();
  handed_out_ |= bit(index);
  return {pool, Xbyak::Reg64(index)};
}

void Assembler::enter() {
  for (uint32_t save = handed_out_ & kCalleeSaved; save != 0; save &= save - 1) {
    saved_.emplace_back(std::countr_zero(save));
    push(saved_.back());
  }
  preserved_.restrict_to(handed_out_);  // the others hold the caller's values
#ifndef NDEBUG
  for (int i = 0; i < (zmm() ? 32 : 16); ++i) {
    const Xbyak::Xmm x = vector(i);
    if (zmm()) {
      vpternlogd(x, x, x, 0xFF);  // all ones are a NaN in every format
    } else {
      vpcmpeqd(x, x, x);
    }
  }
#endif
}

void Assembler::leave() {
  for (size_t i = saved_.size(); i-- > 0;) pop(saved_[i]);
  vzeroupper();
  ret();
}

Xbyak::Address Assembler::constant(uint32_t bits) {
  Xbyak::Label& label = constants_[bits];
  return zmm() ? ptr_b[rip + label] : ptr[rip + label];
}

void Assembler::load_constant(const Xbyak::Xmm& to, uint32_t bits) {
  vbroadcastss(to, ptr[rip + constants_[bits]]);
}

const void* Assembler::publish(const std::string& name) {
  const int copies = zmm() ? 1 : 8;
  if (!constants_.empty()) align(zmm() ? 4 : 32);
  for (auto& [bits, label] : constants_) {
    L(label);
    for (int i = 0; i < copies; ++i) dd(bits);
  }
  ready();
  const void* const code = process_arena().commit(getCode(), getSize());
  if (code == nullptr) throw Xbyak::Error(Xbyak::ERR_CANT_ALLOC);
  inspect(name, code, getSize());
  return code;
}

}  // namespace stoker::jit
