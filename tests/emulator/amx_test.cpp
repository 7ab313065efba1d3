// AMX as the emulator has it: a compiler's code against plain loops, names, and misuse.
#include <gtest/gtest.h>
#include <xbyak/xbyak.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "kernels/bfloat16.h"
#include "tests/emulator/amx_intrinsics.h"
#include "tests/support/each_isa.h"

namespace stoker::tests {
namespace {

using kernels::bf16;
using kernels::to_bf16;
using kernels::to_float;

constexpr unsigned kSeed = 61;

class AmxByCompiler : public testing::Test {
  void SetUp() override { make_runnable(jit::Isa::kAmx); }
};

void expect_bf16_product(unsigned seed) {
  constexpr int64_t kK = 96;
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<bf16> a(32 * kK), b(kK * 32);
  for (auto* values : {&a, &b}) {
    for (bf16& value : *values) value = to_bf16(normal(random));
  }
  std::vector<float> c(32 * 32, 0.5f);
  amx_bf16_by_compiler(a.data(), b.data(), c.data(), kK);
  for (int m = 0; m < 32; ++m) {
    for (int n = 0; n < 32; ++n) {
      double sum = 0.5, size = 0.5;
      for (int64_t k = 0; k < kK; ++k) {
        const double product = static_cast<double>(to_float(a[m * kK + k])) *
                               to_float(b[(k / 2 * 32 + n) * 2 + k % 2]);
        sum += product;
        size += std::fabs(product);
      }
      ASSERT_NEAR(c[m * 32 + n], sum, size * 4e-7) << m << "," << n;
    }
  }
}

TEST_F(AmxByCompiler, MultipliesBf16) { expect_bf16_product(kSeed); }

TEST_F(AmxByCompiler, MultipliesInEightThreads) {
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 8; ++t) threads.emplace_back([t] { expect_bf16_product(kSeed + t); });
  for (std::thread& thread : threads) thread.join();
}

TEST_F(AmxByCompiler, MultipliesBytesExactly) {
  constexpr int64_t kK = 128;
  std::mt19937 random(kSeed);
  std::vector<int8_t> a(32 * kK);
  std::vector<uint8_t> b(kK * 32);
  for (auto& value : a) value = static_cast<int8_t>(random());
  for (auto& value : b) value = static_cast<uint8_t>(random());
  std::vector<int32_t> c(32 * 32, -7);
  amx_int8_by_compiler(a.data(), b.data(), c.data(), kK);
  for (int m = 0; m < 32; ++m) {
    for (int n = 0; n < 32; ++n) {
      int32_t sum = -7;
      for (int64_t k = 0; k < kK; ++k) sum += a[m * kK + k] * b[(k / 4 * 32 + n) * 4 + k % 4];
      ASSERT_EQ(c[m * 32 + n], sum);
    }
  }
}

// xbyak 6.68 declares its own names of tiles as zmm registers.
Xbyak::Tmm tile(int number) { return Xbyak::Tmm(number); }

// One tile instruction after a configuration; for misuse.
class Code : public Xbyak::CodeGenerator {
 public:
  template <class Emit>
  explicit Code(const Emit& emit) {
    emit(*this);
    ret();
  }
};

struct Memory {
  alignas(64) uint8_t shapes[64] = {};
  alignas(64) uint8_t data[2048] = {};
  Memory() {
    shapes[0] = 1;
    shape(0, 16, 64), shape(1, 16, 64), shape(2, 16, 64), shape(3, 8, 32);
  }
  void shape(int tile, uint8_t rows, uint8_t bytes) {
    shapes[16 + 2 * tile] = bytes;
    shapes[48 + tile] = rows;
  }
};

template <class Emit>
void run(const Emit& emit, Memory memory = Memory()) {
  Code code([&](Code& c) {
    c.mov(c.rax, 64);
    emit(c);
  });
  emulate(code.getCode(), &memory);
}

TEST(AmxMisuse, EndsTheTest) {
  using namespace Xbyak::util;
  EXPECT_DEATH(run([](Code& c) { c.tilezero(tile(0)); }), "not configured");
  EXPECT_DEATH(run([](Code& c) { c.ldtilecfg(ptr[rdi]), c.tilezero(tile(5)); }), "not configured");
  EXPECT_DEATH(run([](Code& c) { c.ldtilecfg(ptr[rdi]), c.tdpbf16ps(tile(0), tile(1), tile(1)); }),
               "not an instruction");
  EXPECT_DEATH(run([](Code& c) { c.ldtilecfg(ptr[rdi]), c.tdpbf16ps(tile(0), tile(1), tile(3)); }),
               "do not fit");
  Memory reserved;
  reserved.shapes[5] = 1;
  EXPECT_DEATH(run([](Code& c) { c.ldtilecfg(ptr[rdi]); }, reserved), "reserved");
  Memory large;
  large.shape(2, 17, 64);
  EXPECT_DEATH(run([](Code& c) { c.ldtilecfg(ptr[rdi]); }, large), "larger than 16 rows");
  Memory half;
  half.shape(2, 16, 0);
  EXPECT_DEATH(run([](Code& c) { c.ldtilecfg(ptr[rdi]); }, half), "rows or columns only");
  EXPECT_DEATH(run([](Code& c) { c.db(0x0F), c.db(0xA2); }), "unknown instruction");  // cpuid
}

TEST(AmxConfiguration, ComesBack) {
  using namespace Xbyak::util;
  Code code([](Code& c) { c.ldtilecfg(ptr[rdi]), c.sttilecfg(ptr[rdi + 64]); });
  Memory memory;
  emulate(code.getCode(), &memory);
  EXPECT_EQ(std::memcmp(memory.shapes, memory.data, 64), 0);
}

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), &pclose);
  std::string all;
  std::array<char, 4096> part;
  while (const size_t count = fread(part.data(), 1, part.size(), pipe.get())) {
    all.append(part.data(), count);
  }
  return all;
}

// binutils reads the same instructions out of the bytes that xbyak wrote and the emulator runs.
TEST(AmxNames, AreThoseOfObjdump) {
  using namespace Xbyak::util;
  Code code([](Code& c) {
    c.ldtilecfg(ptr[rdi]);
    c.tileloadd(tile(1), ptr[rdi + rax + 64]);
    c.tileloaddt1(tile(2), ptr[r12 + r13 * 1 - 128]);
    c.tilezero(tile(0));
    c.tdpbf16ps(tile(0), tile(1), tile(2));
    c.tdpbssd(tile(3), tile(4), tile(5)), c.tdpbsud(tile(3), tile(4), tile(5));
    c.tdpbusd(tile(3), tile(4), tile(5)), c.tdpbuud(tile(3), tile(4), tile(5));
    c.tilestored(ptr[rsp + rax], tile(0));
    c.sttilecfg(ptr[rdi]);
    c.tilerelease();
    c.vdpbf16ps(zmm0, zmm1, zmm2), c.vcvtneps2bf16(ymm0, zmm1);
  });
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "stoker-amx.bin";
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(code.getCode()), static_cast<long>(code.getSize()));
  const std::string text = output_of("objdump -D -b binary -m i386:x86-64 " + file.string());
  size_t at = 0;
  for (const char* line :
       {"ldtilecfg (%rdi)", "tileloadd 0x40(%rdi,%rax,1),%tmm1",
        "tileloaddt1 -0x80(%r12,%r13,1),%tmm2", "tilezero %tmm0", "tdpbf16ps %tmm2,%tmm1,%tmm0",
        "tdpbssd %tmm5,%tmm4,%tmm3", "tdpbsud", "tdpbusd", "tdpbuud",
        "tilestored %tmm0,(%rsp,%rax,1)", "sttilecfg (%rdi)", "tilerelease",
        "vdpbf16ps %zmm2,%zmm1,%zmm0", "vcvtneps2bf16 %zmm1,%ymm0"}) {
    at = text.find(line, at);
    ASSERT_NE(at, std::string::npos) << line << " is not in\n" << text;
  }
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace stoker::tests
