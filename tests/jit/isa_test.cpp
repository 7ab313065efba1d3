#include "jit/isa.h"

#include <gtest/gtest.h>

#include <iostream>

namespace stoker::jit {
namespace {

// CPUID leaf 1 EAX as real parts report it.
TEST(Isa, DecodesDisplayFamilyAndModel) {
  EXPECT_EQ(display_family(0x000C06F2), 6);  // Emerald Rapids
  EXPECT_EQ(display_model(0x000C06F2), 207);
  EXPECT_EQ(display_family(0x00B00F21), 26);  // Zen 5 (Turin)
  EXPECT_EQ(display_model(0x00B00F21), 2);
  EXPECT_EQ(display_family(0x000006F1), 6);  // no extended model
  EXPECT_EQ(display_model(0x000006F1), 15);
}

TEST(Isa, NamesGoBothWays) {
  for (const Isa isa : {Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16, Isa::kAmx}) {
    EXPECT_EQ(isa_named(isa_name(isa)), isa);
  }
  EXPECT_EQ(isa_named("baseline"), std::nullopt);
  EXPECT_EQ(isa_named("sse9"), std::nullopt);
}

TEST(Isa, KnowsTheHost) {
  const CpuInfo& cpu = host_cpu();
  std::cout << "host: " << cpu.vendor << " " << cpu.family << "/" << cpu.model << " "
            << isa_name(cpu.isa) << "\n";
  EXPECT_EQ(cpu.vendor.size(), 12u);
  EXPECT_GT(cpu.family, 0);
  EXPECT_GE(cpu.l1_bytes, 16 << 10);
  EXPECT_GE(cpu.l2_bytes, 128 << 10);
  // libgcc decodes CPUID by itself.
  __builtin_cpu_init();
  EXPECT_EQ(cpu.isa >= Isa::kAvx2, __builtin_cpu_supports("avx2") &&
                                       __builtin_cpu_supports("fma") &&
                                       __builtin_cpu_supports("f16c"));
  EXPECT_EQ(cpu.isa >= Isa::kAvx512,
            __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                __builtin_cpu_supports("avx512cd"));
  EXPECT_EQ(cpu.isa >= Isa::kAvx512Bf16,
            cpu.isa >= Isa::kAvx512 && __builtin_cpu_supports("avx512bf16"));
}

// A Sapphire Rapids, whose answers a test may spoil one at a time.
struct Machine {
  CpuSource::Registers zero{0x20, 0x756E6547, 0x6C65746E, 0x49656E69};  // "GenuineIntel"
  CpuSource::Registers one{0x000806F8, 0, 0x7FFEFBFF, 0};
  CpuSource::Registers seven{2, 0xF1BF07AB, 0x1B417F7E, 0xFFDD4432};
  CpuSource::Registers seven_one{0x1C30, 0, 0, 0};
  uint64_t xcr0 = 0x602E7;
  bool permitted = true;
};
Machine pretended;

CpuInfo pretend(const Machine& machine) {
  pretended = machine;
  return detect_cpu({.cpuid =
                         [](uint32_t leaf, uint32_t subleaf) noexcept {
                           if (leaf == 0) return pretended.zero;
                           if (leaf == 1) return pretended.one;
                           return subleaf == 0 ? pretended.seven : pretended.seven_one;
                         },
                     .xcr0 = []() noexcept { return pretended.xcr0; },
                     .request_amx_permission = []() noexcept { return pretended.permitted; }});
}

TEST(Isa, ReadsASapphireRapids) {
  const CpuInfo cpu = pretend({});
  EXPECT_EQ(cpu.vendor, "GenuineIntel");
  EXPECT_EQ(cpu.family, 6);
  EXPECT_EQ(cpu.model, 143);
  EXPECT_EQ(cpu.isa, Isa::kAmx);
  EXPECT_TRUE(cpu.features.amx_bf16 && cpu.features.amx_int8 && cpu.features.avx512_fp16);
  EXPECT_TRUE(cpu.features.avx512_vnni && cpu.features.avx_vnni);
  EXPECT_FALSE(cpu.features.amx_fp16);
}

TEST(Isa, AsksTheOperatingSystemToo) {
  Machine no_tiles, no_permission, no_zmm, no_ymm, no_xgetbv;
  no_tiles.xcr0 = 0x2E7;
  no_permission.permitted = false;
  no_zmm.xcr0 = 0x7;
  no_ymm.xcr0 = 0x3;
  no_xgetbv.one.ecx &= ~(1u << 27);
  EXPECT_EQ(pretend(no_tiles).isa, Isa::kAvx512Bf16);
  EXPECT_EQ(pretend(no_permission).isa, Isa::kAvx512Bf16);
  EXPECT_FALSE(pretend(no_permission).features.amx_int8);
  EXPECT_EQ(pretend(no_zmm).isa, Isa::kAvx2);
  EXPECT_FALSE(pretend(no_zmm).features.avx512_vnni);
  EXPECT_EQ(pretend(no_ymm).isa, Isa::kBaseline);
  EXPECT_EQ(pretend(no_xgetbv).isa, Isa::kBaseline);
}

TEST(Isa, NeedsEveryFeatureOfAGroup) {
  for (const int bit : {16, 17, 28, 30, 31}) {  // F, DQ, CD, BW, VL
    Machine machine;
    machine.seven.ebx &= ~(1u << bit);
    EXPECT_EQ(pretend(machine).isa, Isa::kAvx2) << "EBX bit " << bit;
  }
  for (const int bit : {12, 28, 29}) {  // FMA, AVX, F16C
    Machine machine;
    machine.one.ecx &= ~(1u << bit);
    EXPECT_EQ(pretend(machine).isa, Isa::kBaseline) << "ECX bit " << bit;
  }
  Machine no_bf16, old;
  no_bf16.seven_one.eax &= ~(1u << 5);
  EXPECT_EQ(pretend(no_bf16).isa, Isa::kAvx512);
  EXPECT_TRUE(pretend(no_bf16).features.amx_bf16);  // there, but the group needs both
  old.zero.eax = 6;                                 // a CPU without leaf 7
  EXPECT_EQ(pretend(old).isa, Isa::kBaseline);
}

}  // namespace
}  // namespace stoker::jit
