// Jumps, calls, the stack, and what depends on a condition.
#include "tests/support/emulator/scalar.h"

namespace stoker::tests::emulator {
namespace {

// As encoded in the low four bits of the opcode (Intel SDM vol. 1, appendix B).
enum Condition { kO, kNo, kB, kNb, kZ, kNz, kBe, kNbe, kS, kNs, kP, kNp, kL, kNl, kLe, kNle };

template <Condition kCondition>
bool holds(const Flags& f) {
  bool yes = false;
  switch (kCondition & ~1) {
    case kO:
      yes = f.overflow;
      break;
    case kB:
      yes = f.carry;
      break;
    case kZ:
      yes = f.zero;
      break;
    case kBe:
      yes = f.carry || f.zero;
      break;
    case kS:
      yes = f.sign;
      break;
    case kP:
      yes = f.parity;
      break;
    case kL:
      yes = f.sign != f.overflow;
      break;
    case kLe:
      yes = f.zero || f.sign != f.overflow;
      break;
  }
  return yes != (kCondition % 2 != 0);
}

template <Condition kCondition>
void jump_if(State& s, const Instruction& i) {
  if (holds<kCondition>(s.flags)) s.rip = static_cast<uint64_t>(i.immediate);
}

template <Condition kCondition>
void set_if(State& s, const Instruction& i) {
  write(s, i, 0, holds<kCondition>(s.flags) ? 1 : 0);
}

// The source is read, and the upper half zeroed, either way.
template <Condition kCondition>
void move_if(State& s, const Instruction& i) {
  const uint64_t b = read(s, i, 1);
  write(s, i, 0, holds<kCondition>(s.flags) ? b : read(s, i, 0));
}

void push_value(State& s, uint64_t value) {
  s.gpr[kRsp] -= 8;
  store(s.gpr[kRsp], value);
}

uint64_t pop_value(State& s) {
  const auto value = load<uint64_t>(s.gpr[kRsp]);
  s.gpr[kRsp] += 8;
  return value;
}

void push(State& s, const Instruction& i) { push_value(s, read(s, i, 0)); }
void pop(State& s, const Instruction& i) { write(s, i, 0, pop_value(s)); }
void jmp(State& s, const Instruction& i) { s.rip = read(s, i, 0); }

void call(State& s, const Instruction& i) {
  const uint64_t target = read(s, i, 0);
  push_value(s, s.rip);
  s.rip = target;
  ++s.depth;
}

void ret(State& s, const Instruction& i) {
  s.rip = pop_value(s);
  s.gpr[kRsp] += static_cast<uint64_t>(i.immediate);  // RET n frees n bytes of arguments
  --s.depth;
}

void leave(State& s, const Instruction&) {
  constexpr int kRbp = 5;
  s.gpr[kRsp] = s.gpr[kRbp];
  s.gpr[kRbp] = pop_value(s);
}

constexpr Row kRows[] = {
    {ZYDIS_MNEMONIC_JMP, &jmp},
    {ZYDIS_MNEMONIC_CALL, &call},
    {ZYDIS_MNEMONIC_RET, &ret},
    {ZYDIS_MNEMONIC_PUSH, &push},
    {ZYDIS_MNEMONIC_POP, &pop},
    {ZYDIS_MNEMONIC_LEAVE, &leave},
    {ZYDIS_MNEMONIC_JO, &jump_if<kO>},
    {ZYDIS_MNEMONIC_JNO, &jump_if<kNo>},
    {ZYDIS_MNEMONIC_JB, &jump_if<kB>},
    {ZYDIS_MNEMONIC_JNB, &jump_if<kNb>},
    {ZYDIS_MNEMONIC_JZ, &jump_if<kZ>},
    {ZYDIS_MNEMONIC_JNZ, &jump_if<kNz>},
    {ZYDIS_MNEMONIC_JBE, &jump_if<kBe>},
    {ZYDIS_MNEMONIC_JNBE, &jump_if<kNbe>},
    {ZYDIS_MNEMONIC_JS, &jump_if<kS>},
    {ZYDIS_MNEMONIC_JNS, &jump_if<kNs>},
    {ZYDIS_MNEMONIC_JP, &jump_if<kP>},
    {ZYDIS_MNEMONIC_JNP, &jump_if<kNp>},
    {ZYDIS_MNEMONIC_JL, &jump_if<kL>},
    {ZYDIS_MNEMONIC_JNL, &jump_if<kNl>},
    {ZYDIS_MNEMONIC_JLE, &jump_if<kLe>},
    {ZYDIS_MNEMONIC_JNLE, &jump_if<kNle>},
    {ZYDIS_MNEMONIC_SETO, &set_if<kO>},
    {ZYDIS_MNEMONIC_SETNO, &set_if<kNo>},
    {ZYDIS_MNEMONIC_SETB, &set_if<kB>},
    {ZYDIS_MNEMONIC_SETNB, &set_if<kNb>},
    {ZYDIS_MNEMONIC_SETZ, &set_if<kZ>},
    {ZYDIS_MNEMONIC_SETNZ, &set_if<kNz>},
    {ZYDIS_MNEMONIC_SETBE, &set_if<kBe>},
    {ZYDIS_MNEMONIC_SETNBE, &set_if<kNbe>},
    {ZYDIS_MNEMONIC_SETS, &set_if<kS>},
    {ZYDIS_MNEMONIC_SETNS, &set_if<kNs>},
    {ZYDIS_MNEMONIC_SETP, &set_if<kP>},
    {ZYDIS_MNEMONIC_SETNP, &set_if<kNp>},
    {ZYDIS_MNEMONIC_SETL, &set_if<kL>},
    {ZYDIS_MNEMONIC_SETNL, &set_if<kNl>},
    {ZYDIS_MNEMONIC_SETLE, &set_if<kLe>},
    {ZYDIS_MNEMONIC_SETNLE, &set_if<kNle>},
    {ZYDIS_MNEMONIC_CMOVO, &move_if<kO>},
    {ZYDIS_MNEMONIC_CMOVNO, &move_if<kNo>},
    {ZYDIS_MNEMONIC_CMOVB, &move_if<kB>},
    {ZYDIS_MNEMONIC_CMOVNB, &move_if<kNb>},
    {ZYDIS_MNEMONIC_CMOVZ, &move_if<kZ>},
    {ZYDIS_MNEMONIC_CMOVNZ, &move_if<kNz>},
    {ZYDIS_MNEMONIC_CMOVBE, &move_if<kBe>},
    {ZYDIS_MNEMONIC_CMOVNBE, &move_if<kNbe>},
    {ZYDIS_MNEMONIC_CMOVS, &move_if<kS>},
    {ZYDIS_MNEMONIC_CMOVNS, &move_if<kNs>},
    {ZYDIS_MNEMONIC_CMOVP, &move_if<kP>},
    {ZYDIS_MNEMONIC_CMOVNP, &move_if<kNp>},
    {ZYDIS_MNEMONIC_CMOVL, &move_if<kL>},
    {ZYDIS_MNEMONIC_CMOVNL, &move_if<kNl>},
    {ZYDIS_MNEMONIC_CMOVLE, &move_if<kLe>},
    {ZYDIS_MNEMONIC_CMOVNLE, &move_if<kNle>},
};

}  // namespace

std::span<const Row> control_rows() { return kRows; }

}  // namespace stoker::tests::emulator
