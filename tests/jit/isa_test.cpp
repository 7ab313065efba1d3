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
  for (const Isa isa : {Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16}) {
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
  EXPECT_EQ(cpu.isa >= Isa::kAvx2, __builtin_cpu_supports("avx2") &&
                                       __builtin_cpu_supports("fma") &&
                                       __builtin_cpu_supports("f16c"));
}

}  // namespace
}  // namespace stoker::jit
