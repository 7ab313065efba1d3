// EVEX instructions, which few machines that run this test have, against plain loops.
#include <gtest/gtest.h>
#include <xbyak/xbyak.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <random>

#include "kernels/bfloat16.h"
#include "tests/support/emulator/emulator.h"
#include "tests/support/guarded_buffer.h"

namespace stoker::tests {
namespace {

using namespace Xbyak::util;

constexpr unsigned kSeed = 71;
constexpr uint64_t kMask = 0xB38D;

// zmm0 to zmm3, in and out; k1 is kMask.
struct Vectors {
  alignas(64) float f[4][16];

  uint32_t bits(int vector, int lane) const { return std::bit_cast<uint32_t>(f[vector][lane]); }
  uint16_t half(int vector, int lane) const {
    return static_cast<uint16_t>(bits(vector, lane / 2) >> lane % 2 * 16);
  }
  void set_bits(int vector, int lane, uint32_t value) {
    f[vector][lane] = std::bit_cast<float>(value);
  }
  void set_half(int vector, int lane, uint16_t value) {
    const uint32_t kept = bits(vector, lane / 2) & 0xFFFF0000u >> lane % 2 * 16;
    set_bits(vector, lane / 2, kept | static_cast<uint32_t>(value) << lane % 2 * 16);
  }
};

class Code : public Xbyak::CodeGenerator {
 public:
  explicit Code(const std::function<void(Code&)>& emit) {
    for (int i = 0; i < 4; ++i) vmovups(Xbyak::Zmm(i), ptr[rdi + i * 64]);
    mov(eax, kMask);
    kmovd(k1, eax);
    emit(*this);
    for (int i = 0; i < 4; ++i) vmovups(ptr[rdi + i * 64], Xbyak::Zmm(i));
    vzeroupper();
    ret();
  }
};

Vectors random_vectors() {
  std::mt19937 random(kSeed);
  std::normal_distribution<float> normal;
  Vectors v{};
  for (auto& vector : v.f) {
    for (float& lane : vector) lane = normal(random) * 3;
  }
  return v;
}

Vectors run(const std::function<void(Code&)>& emit, const Vectors& from = random_vectors()) {
  Code code(emit);
  Vectors v = from;
  emulate(code.getCode(), &v);
  return v;
}

bool selected(int lane) { return (kMask >> lane & 1) != 0; }

TEST(EmulatedEvex, MasksMergeOrZero) {
  const Vectors before = random_vectors();
  const Vectors merged = run([](Code& c) { c.vaddps(zmm0 | k1, zmm1, zmm2); });
  const Vectors zeroed = run([](Code& c) { c.vaddps(zmm0 | k1 | T_z, zmm1, zmm2); });
  for (int n = 0; n < 16; ++n) {
    const float sum = before.f[1][n] + before.f[2][n];
    EXPECT_EQ(merged.f[0][n], selected(n) ? sum : before.f[0][n]);
    EXPECT_EQ(zeroed.f[0][n], selected(n) ? sum : 0.0f);
  }
}

TEST(EmulatedEvex, ShorterVectorsZeroTheRest) {
  const Vectors before = random_vectors();
  const Vectors v = run([](Code& c) { c.vmulps(ymm0, ymm1, ymm2), c.vmovaps(xmm3, xmm1); });
  for (int n = 0; n < 16; ++n) {
    EXPECT_EQ(v.f[0][n], n < 8 ? before.f[1][n] * before.f[2][n] : 0.0f);
    EXPECT_EQ(v.f[3][n], n < 4 ? before.f[1][n] : 0.0f);
  }
}

TEST(EmulatedEvex, BroadcastsAWordOfMemory) {
  const Vectors before = random_vectors();
  const Vectors v = run([](Code& c) { c.vfmadd231ps(zmm0, zmm1, c.ptr_b[rdi + 2 * 64 + 12]); });
  for (int n = 0; n < 16; ++n) {
    EXPECT_EQ(v.f[0][n], std::fma(before.f[1][n], before.f[2][3], before.f[0][n]));
  }
}

// Lanes 0 to 4 lie before the end of memory, and only those are selected.
TEST(EmulatedEvex, DoesNotTouchWhatIsNotSelected) {
  const GuardedBuffer<float> five(5, 2.0f);
  struct Arguments {
    float* data;
  } arguments{five.data()};
  class Tail : public Xbyak::CodeGenerator {
   public:
    Tail() {
      mov(rax, ptr[rdi]);
      mov(ecx, 0x1F);
      kmovw(k2, ecx);
      vmovups(zmm5 | k2 | T_z, ptr[rax]);
      vaddps(zmm5, zmm5, zmm5);
      vmovups(ptr[rax] | k2, zmm5);
      ret();
    }
  } tail;
  emulate(tail.getCode(), &arguments);
  for (const float value : five.values()) EXPECT_EQ(value, 4.0f);
}

TEST(EmulatedEvex, PermutesAcrossTwoVectors) {
  Vectors v = random_vectors();
  for (int n = 0; n < 16; ++n) v.set_bits(0, n, static_cast<uint32_t>(n * 7 + 3));
  Vectors before = v;
  v = run([](Code& c) { c.vpermi2ps(zmm0, zmm1, zmm2); }, v);
  for (int n = 0; n < 16; ++n) {
    const int index = (n * 7 + 3) & 31;
    EXPECT_EQ(v.f[0][n], index < 16 ? before.f[1][index] : before.f[2][index - 16]);
  }
  v = run([](Code& c) { c.vpermw(zmm3, zmm0, zmm1); }, before);
  for (int n = 0; n < 32; ++n) {
    const int index = before.half(0, n) & 31;
    EXPECT_EQ(v.half(3, n), before.half(1, index));
  }
}

TEST(EmulatedEvex, ComparesIntoMasksAndNarrows) {
  Vectors before = random_vectors();
  Vectors v = run([](Code& c) {
    c.vcmpps(k2, zmm1, zmm2, 1);  // less
    c.vblendmps(zmm0 | k2, zmm1, zmm2);
    c.vpmovdw(c.ptr[rdi + 3 * 64], zmm3);
    c.vmovups(zmm3, c.ptr[rdi + 3 * 64]);
  });
  for (int n = 0; n < 16; ++n) {
    EXPECT_EQ(v.f[0][n], std::fmax(before.f[1][n], before.f[2][n]));
    EXPECT_EQ(v.half(3, n), static_cast<uint16_t>(before.bits(3, n)));
  }
}

TEST(EmulatedEvex, ScalesByPowersOfTwo) {
  Vectors v{};
  const float powers[] = {0, 3, -3, 200, -200, -149, 127.9f, -0.5f};
  for (int n = 0; n < 8; ++n) v.f[1][n] = 1.25f, v.f[2][n] = powers[n];
  v = run([](Code& c) { c.vscalefps(zmm0, zmm1, zmm2); }, v);
  for (int n = 0; n < 8; ++n) {
    EXPECT_EQ(v.f[0][n], static_cast<float>(std::ldexp(1.25, int(std::floor(powers[n])))));
  }
}

TEST(EmulatedEvex, RoundsToBf16InEveryClass) {
  std::mt19937 random(kSeed);
  for (uint32_t exponent = 0; exponent < 256; ++exponent) {
    Vectors v{};
    for (int n = 0; n < 16; ++n) {
      // Below, at and above a tie, even and odd; signs.
      const uint32_t low = n % 4 == 0   ? 0x8000
                           : n % 4 == 1 ? 0x7FFF
                           : n % 4 == 2 ? 0x8001
                                        : random() & 0xFFFF;
      v.set_bits(1, n, (random() & 1) << 31 | exponent << 23 | (random() & 0x7F) << 16 | low);
    }
    const Vectors before = v;
    v = run([](Code& c) { c.vcvtneps2bf16(ymm0, zmm1); }, v);
    for (int n = 0; n < 16; ++n) {
      const float x = before.f[1][n];
      const uint16_t sign = std::bit_cast<uint32_t>(x) >> 16 & 0x8000;
      if (std::isnan(x)) {
        EXPECT_TRUE(std::isnan(kernels::to_float(v.half(0, n))));
      } else if (exponent == 0) {
        EXPECT_EQ(v.half(0, n), sign);
      } else {
        EXPECT_EQ(v.half(0, n), kernels::to_bf16(x));
      }
    }
  }
}

TEST(EmulatedEvex, AddsProductsOfBf16Pairs) {
  Vectors v = random_vectors();
  for (int n = 0; n < 32; ++n) {
    v.set_half(1, n, kernels::to_bf16(v.f[1][n / 2] + n));
    v.set_half(2, n, kernels::to_bf16(v.f[2][n / 2] - n));
  }
  Vectors before = v;
  v = run([](Code& c) { c.vdpbf16ps(zmm0, zmm1, zmm2); }, v);
  for (int n = 0; n < 16; ++n) {
    const auto product = [&](int at) {
      return static_cast<double>(kernels::to_float(before.half(1, at))) *
             kernels::to_float(before.half(2, at));
    };
    // Exact in double before each of the two roundings.
    const auto odd = static_cast<float>(before.f[0][n] + product(2 * n + 1));
    EXPECT_EQ(v.f[0][n], static_cast<float>(odd + product(2 * n)));
  }
}

}  // namespace
}  // namespace stoker::tests
