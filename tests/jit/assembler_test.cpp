// The base of the generators: registers, constants, calling convention.
#include "jit/assembler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace stoker::jit {
namespace {

using Function = void (*)(const void*);

// Takes more general-purpose registers than are volatile, and clobbers all of them.
class Clobber : public Assembler {
 public:
  Clobber() : Assembler(Isa::kAvx2) {}
  Function generate() {
    std::vector<Gpr> all;
    for (int i = 0; i < 12; ++i) all.push_back(gpr());
    enter();
    for (const Gpr& reg : all) mov(reg, 7);
    leave();
    return finish<Function>("test_clobber");
  }
};

TEST(Assembler, KeepsTheCallersRegisters) {
  const Function function = Clobber().generate();
  uint64_t after[5];
  uint64_t* to = after;
  // Below rsp the compiler may keep values (the red zone), which a call would overwrite.
  asm volatile(
      "lea -128(%%rsp), %%rsp\n"
      "mov $11, %%rbx\n mov $12, %%r12\n mov $13, %%r13\n mov $14, %%r14\n mov $15, %%r15\n"
      "call *%1\n"
      "mov %%rbx, 0(%0)\n mov %%r12, 8(%0)\n mov %%r13, 16(%0)\n mov %%r14, 24(%0)\n"
      "mov %%r15, 32(%0)\n lea 128(%%rsp), %%rsp\n"
      : "+D"(to)
      : "a"(function)
      : "rbx", "r12", "r13", "r14", "r15", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "xmm0",
        "memory", "cc");
  for (uint64_t i = 0; i < 5; ++i) EXPECT_EQ(after[i], 11 + i);
}

class Greedy : public Assembler {
 public:
  explicit Greedy(Isa isa) : Assembler(isa) {}
  int vectors() {
    std::vector<Vec> all;
    try {
      for (;;) all.push_back(vec());
    } catch (const Xbyak::Error&) {
      return static_cast<int>(all.size());
    }
  }
  int gprs_after_enter() {
    {
      const Gpr one = gpr();
    }
    enter();
    std::vector<Gpr> all;
    try {
      for (;;) all.push_back(gpr());
    } catch (const Xbyak::Error&) {
      return static_cast<int>(all.size());
    }
  }
};

TEST(Assembler, RunningOutOfRegistersIsAnError) {
  EXPECT_EQ(Greedy(Isa::kAvx2).vectors(), 16);
  EXPECT_EQ(Greedy(Isa::kAvx512).vectors(), 32);
  // rax, rcx, rdx, rsi, r8 to r11: after enter() nothing is handed out that was not saved.
  EXPECT_EQ(Greedy(Isa::kAvx2).gprs_after_enter(), 8);
}

TEST(Assembler, GivesRegistersBack) {
  Greedy greedy(Isa::kAvx2);
  EXPECT_EQ(greedy.vectors(), 16);
  EXPECT_EQ(greedy.vectors(), 16);
}

struct Output {
  float sum[8];
};

class Constants : public Assembler {
 public:
  Constants() : Assembler(Isa::kAvx2) {}
  Function generate() {
    enter();
    {
      const Vec x = vec();
      load_constant(x, 1.5f);
      vaddps(x, x, constant(2.25f));
      vaddps(x, x, constant(2.25f));
      vmovups(ptr[args], x);
    }
    leave();
    return finish<Function>("test_constants");
  }
  size_t bytes() const { return getSize(); }
};

TEST(Assembler, ConstantsAreOperandsAndStoredOnce) {
  Constants assembler;
  Output output;
  assembler.generate()(&output);
  for (const float value : output.sum) EXPECT_EQ(value, 6.0f);
  EXPECT_LT(assembler.bytes(), 64u + 2 * 32 + 32);  // code, two constants, alignment
}

#ifndef NDEBUG
class Unset : public Assembler {
 public:
  Unset() : Assembler(Isa::kAvx2) {}
  Function generate() {
    enter();
    vmovups(ptr[args], Xbyak::Ymm(9));
    leave();
    return finish<Function>("test_unset");
  }
};

TEST(Assembler, DebugBuildsPoisonRegisters) {
  Output output;
  Unset().generate()(&output);
  for (const float value : output.sum) EXPECT_TRUE(std::isnan(value));
}
#endif

}  // namespace
}  // namespace stoker::jit
