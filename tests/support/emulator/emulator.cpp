#include "tests/support/emulator/emulator.h"

#include <signal.h>
#include <ucontext.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "tests/support/emulator/instruction.h"

namespace stoker::tests {
namespace emulator {
namespace {

// Decoded instructions by address. An address may come to hold other code: the bytes are compared.
class Decodings {
 public:
  const Instruction& at(uint64_t address) {
    Instruction& i = slots_[address % kSlots];
    if (i.address != address ||
        std::memcmp(i.bytes, reinterpret_cast<const void*>(address), i.length) != 0) {
      i = decode(address);
    }
    return i;
  }

 private:
  static constexpr size_t kSlots = 1 << 14;
  std::vector<Instruction> slots_{kSlots};
};

struct Thread {
  State state;
  Tiles tiles{};
  Decodings decodings;
};

Thread& thread() {
  static thread_local const std::unique_ptr<Thread> own(new Thread{});
  return *own;
}

// Until the function that runs returns.
void interpret(Thread& t) {
  while (t.state.depth >= 0) {
    const Instruction& i = t.decodings.at(t.state.rip);
    t.state.rip += i.length;
    i.run(t.state, i);
  }
}

// Goes on behind the function that was interpreted, with the registers it left.
[[noreturn]] void resume(const State& s) {
  const uint64_t* const gpr = s.gpr;
  const uint64_t rip = s.rip;
  asm volatile(
      "mov 0*8(%0), %%rax\n mov 2*8(%0), %%rdx\n mov 3*8(%0), %%rbx\n mov 5*8(%0), %%rbp\n"
      "mov 12*8(%0), %%r12\n mov 13*8(%0), %%r13\n mov 14*8(%0), %%r14\n mov 15*8(%0), %%r15\n"
      "mov 4*8(%0), %%rsp\n jmp *%1\n"
      :
      : "c"(gpr), "S"(rip)
      : "memory");
  __builtin_unreachable();
}

[[noreturn]] void go_on() {
  Thread& t = thread();
  interpret(t);
  resume(t.state);
}

// In the order of encoding.
constexpr int kGregs[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                            REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

void take_registers(State& s, const ucontext_t& context) {
  s = {};
  for (int i = 0; i < 16; ++i)
    s.gpr[i] = static_cast<uint64_t>(context.uc_mcontext.gregs[kGregs[i]]);
  s.rip = static_cast<uint64_t>(context.uc_mcontext.gregs[REG_RIP]);
  const auto flags = static_cast<uint64_t>(context.uc_mcontext.gregs[REG_EFL]);
  s.flags = {(flags & 1) != 0, (flags >> 2 & 1) != 0, (flags >> 6 & 1) != 0, (flags >> 7 & 1) != 0,
             (flags >> 11 & 1) != 0};
  const auto* area = reinterpret_cast<const uint8_t*>(context.uc_mcontext.fpregs);
  if (area == nullptr) return;
  // Upper halves of ymm0-15 at byte 576 of the XSAVE area (Intel SDM vol. 1, 13.4), there when the
  // kernel left its mark (Linux, struct _fpx_sw_bytes).
  uint32_t mark;
  std::memcpy(&mark, area + 464, 4);
  constexpr uint32_t kHasXstate = 0x46505853;
  for (int i = 0; i < 16; ++i) {
    std::memcpy(s.vector[i], &context.uc_mcontext.fpregs->_xmm[i], 16);
    if (mark == kHasXstate) std::memcpy(s.vector[i] + 16, area + 576 + i * 16, 16);
  }
}

// EVEX, or VEX in the maps of AMX: what this CPU may lack. Anything else is a real fault.
bool may_be_missing(uint64_t address) {
  const auto* const code = reinterpret_cast<const uint8_t*>(address);
  return code[0] == 0x62 || code[0] == 0xC4;
}

struct sigaction previous;

// The interpreter does not run in the handler: the frame of the signal lies where the interpreted
// function's own stack grows. It runs in its place, further down the stack.
void on_illegal_instruction(int, siginfo_t*, void* argument) {
  auto& context = *static_cast<ucontext_t*>(argument);
  auto& gregs = context.uc_mcontext.gregs;
  if (!may_be_missing(static_cast<uint64_t>(gregs[REG_RIP]))) {
    sigaction(SIGILL, &previous, nullptr);
    return;
  }
  Thread& t = thread();
  take_registers(t.state, context);
  t.state.tiles = &t.tiles;
  constexpr long long kStackOfTheFunction = 64 << 10;
  gregs[REG_RSP] = ((gregs[REG_RSP] - kStackOfTheFunction) & ~15LL) - 8;  // as after a call
  gregs[REG_RIP] = static_cast<long long>(reinterpret_cast<uintptr_t>(&go_on));
}

}  // namespace
}  // namespace emulator

void emulate(const void* code, const void* argument) {
  emulator::Thread& t = emulator::thread();
  std::vector<uint64_t> stack(8192);
  t.state = {};
  t.state.tiles = &t.tiles;
  t.state.rip = reinterpret_cast<uint64_t>(code);
  t.state.gpr[emulator::kRdi] = reinterpret_cast<uint64_t>(argument);
  // As after a call: the address to return to, which is never reached, on an aligned stack.
  t.state.gpr[emulator::kRsp] =
      (reinterpret_cast<uint64_t>(stack.data() + stack.size()) & ~uint64_t{15}) - 8;
  emulator::interpret(t);
}

void install_emulator() {
  static const bool once = [] {
    struct sigaction action{};
    action.sa_sigaction = &emulator::on_illegal_instruction;
    action.sa_flags = SA_SIGINFO;
    return sigaction(SIGILL, &action, &emulator::previous) == 0;
  }();
  if (!once) std::abort();
}

}  // namespace stoker::tests
