// Interpreted and executed: the same bits, for what this machine's CPU has.
#include <gtest/gtest.h>
#include <xbyak/xbyak.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <random>
#include <vector>

#include "jit/gen/gemm.h"
#include "kernels/bfloat16.h"
#include "kernels/float16.h"
#include "tests/support/each_isa.h"

namespace stoker::tests {
namespace {

using jit::Activation;
using jit::Combine;
using jit::Element;
using jit::GemmArgs;
using jit::GemmConfig;
using jit::GemmMath;
using jit::Isa;

constexpr unsigned kSeed = 51;

const void* address_of(jit::GemmKernel kernel) {
  return reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(kernel));
}

// One kernel on random operands, both ways.
void expect_same(const GemmConfig& config) {
  constexpr int kSteps = 7, kMaxRows = 15, kWidth = 64;
  std::mt19937 random(kSeed);
  std::normal_distribution<float> normal;
  std::vector<float> a(kMaxRows * kSteps * 2), b(kSteps * kWidth), bias(kWidth),
      c_in(kMaxRows * kWidth);
  std::vector<float> other(kMaxRows * kWidth);
  for (auto* values : {&a, &bias, &c_in, &other}) {
    for (float& value : *values) value = normal(random);
  }
  constexpr int64_t kCount = 2 * kSteps * kWidth;
  std::vector<float> weights(kCount);
  for (float& value : weights) value = normal(random);
  auto* const halves = reinterpret_cast<uint16_t*>(b.data());
  if (config.math == GemmMath::kF32) std::copy_n(weights.data(), b.size(), b.data());
  if (config.math == GemmMath::kBf16Wide) {
    std::transform(weights.begin(), weights.end(), halves, kernels::to_bf16);
  }
  if (config.math == GemmMath::kF16) kernels::narrow_f16_row(weights.data(), halves, kCount);
  std::vector<float> results[2];
  for (auto& result : results) {
    result.assign(kMaxRows * kWidth, 0);
    GemmArgs args{};
    args.a = a.data();
    args.b = args.next = b.data();
    args.bias = bias.data();
    args.c_in = c_in.data();
    args.c_out = result.data();
    args.other = other.data();
    args.lda = kSteps * 8;
    args.ldb = args.ldc_in = args.ldc_out = args.ldo = kWidth * 4;
    args.steps = kSteps;
    args.alpha = 0.5f;
    args.beta = 1.5f;
    const jit::GemmKernel kernel = jit::get_gemm(config);
    ASSERT_NE(kernel, nullptr);
    &result == results ? kernel(&args) : emulate(address_of(kernel), &args);
  }
  ASSERT_EQ(std::memcmp(results[0].data(), results[1].data(), results[0].size() * 4), 0)
      << jit::gemm_name(config);
}

TEST(EmulatorAgainstTheCpu, GemmKernelsGiveTheSameBits) {
  int kernels = 0;
  for (const Isa isa : each_isa()) {
    if (!runs_natively(isa) || isa == Isa::kAmx) continue;
    for (const GemmMath math : {GemmMath::kF32, GemmMath::kBf16Wide, GemmMath::kF16}) {
      for (const int vectors : {1, 2}) {
        for (int rows = 1; rows <= jit::gemm_max_rows(isa, math, vectors); ++rows) {
          GemmConfig config{.isa = isa,
                            .math = math,
                            .rows = static_cast<uint8_t>(rows),
                            .vectors = static_cast<uint8_t>(vectors)};
          config.out = static_cast<Element>(rows % 3);
          config.epilogue = {.activation = static_cast<Activation>(rows % 8),
                             .combine = static_cast<Combine>(rows % 4),
                             .other = Element::kF32,
                             .scaled = static_cast<uint8_t>(rows % 2)};
          expect_same(config);
          ++kernels;
        }
      }
    }
  }
  std::printf("%d kernels: interpreted as executed, seed %u\n", kernels, kSeed);
  EXPECT_GT(kernels, 30);
}

// Loads vectors 0 to 3 and rax, runs one instruction, stores vector 0, rax and the flags of
// interest; all at the argument.
struct Registers {
  alignas(64) uint8_t vector[4][64];
  uint64_t rax, rcx, flags;
};

class Snippet : public Xbyak::CodeGenerator {
 public:
  using Emit = std::function<void(Snippet&)>;
  explicit Snippet(const Emit& emit) {
    for (int i = 0; i < 4; ++i) vmovups(Xbyak::Ymm(i), ptr[rdi + i * 64]);
    mov(rax, ptr[rdi + offsetof(Registers, rax)]);
    mov(rcx, ptr[rdi + offsetof(Registers, rcx)]);
    xor_(edx, edx);
    emit(*this);
    setz(dl);
    setc(dh);
    mov(ptr[rdi + offsetof(Registers, flags)], rdx);
    mov(ptr[rdi + offsetof(Registers, rax)], rax);
    vmovups(ptr[rdi], ymm0);
    vzeroupper();
    ret();
  }
};

#define DO(...)                  \
  [](Snippet& s) {               \
    using namespace Xbyak::util; \
    s.__VA_ARGS__;               \
  }

// Random bits: integers, moves, shuffles. NaNs as operands stay NaNs by these.
const std::vector<Snippet::Emit>& on_bits() {
  static const std::vector<Snippet::Emit> all{DO(vpaddd(ymm0, ymm1, ymm2)),
                                              DO(vpsubw(ymm0, ymm1, ymm2)),
                                              DO(vpmulld(ymm0, ymm1, ymm2)),
                                              DO(vpand(ymm0, ymm1, ymm2)),
                                              DO(vandnps(ymm0, ymm1, ymm2)),
                                              DO(vpxor(ymm0, ymm1, ymm2)),
                                              DO(vpslld(ymm0, ymm1, 16)),
                                              DO(vpsrad(ymm0, ymm1, 5)),
                                              DO(vpsrlq(ymm0, ymm1, 33)),
                                              DO(vpsllvd(ymm0, ymm1, ymm2)),
                                              DO(vpcmpgtd(ymm0, ymm1, ymm2)),
                                              DO(vpcmpeqw(ymm0, ymm1, ymm1)),
                                              DO(vblendvps(ymm0, ymm1, ymm2, ymm3)),
                                              DO(vpblendd(ymm0, ymm1, ymm2, 0x5A)),
                                              DO(vpermd(ymm0, ymm1, ymm2)),
                                              DO(vpermq(ymm0, ymm1, 0x4E)),
                                              DO(vperm2i128(ymm0, ymm1, ymm2, 0x21)),
                                              DO(vpshufb(ymm0, ymm1, ymm2)),
                                              DO(vpshufd(ymm0, ymm1, 0x1B)),
                                              DO(vshufps(ymm0, ymm1, ymm2, 0x88)),
                                              DO(vunpcklps(ymm0, ymm1, ymm2)),
                                              DO(vpunpckhwd(ymm0, ymm1, ymm2)),
                                              DO(vpackusdw(ymm0, ymm1, ymm2)),
                                              DO(vpackssdw(ymm0, ymm1, ymm2)),
                                              DO(vpmovzxwd(ymm0, xmm1)),
                                              DO(vpmovsxbd(ymm0, xmm1)),
                                              DO(vinsertf128(ymm0, ymm1, xmm2, 1)),
                                              DO(vextracti128(xmm0, ymm1, 1)),
                                              DO(vextractf128(xmm0, ymm1, 1)),
                                              DO(vpbroadcastw(ymm0, xmm1)),
                                              DO(vbroadcastss(ymm0, xmm1)),
                                              DO(vpmaxud(ymm0, ymm1, ymm2)),
                                              DO(vpminsd(ymm0, ymm1, ymm2)),
                                              DO(vpabsd(ymm0, ymm1)),
                                              DO(vpalignr(ymm0, ymm1, ymm2, 5)),
                                              DO(vmovaps(xmm0, xmm1)),
                                              DO(vcvtph2ps(ymm0, xmm1)),
                                              DO(add(rax, rcx)),
                                              DO(sub(eax, ecx)),
                                              DO(and_(rax, -64)),
                                              DO(shl(rax, 7)),
                                              DO(sar(eax, 3)),
                                              DO(neg(rax)),
                                              DO(imul(rax, rcx)),
                                              DO(cmp(rax, rcx)),
                                              DO(test(eax, ecx)),
                                              DO(dec(rax)),
                                              DO(lea(rax, ptr[rax + rcx * 4 + 17])),
                                              DO(movzx(eax, cx)),
                                              DO(movsxd(rax, ecx)),
                                              DO(bzhi(rax, rcx, rcx)),
                                              DO(cmovl(rax, rcx)),
                                              DO(vmovd(xmm0, ecx))};
  return all;
}

// Normal numbers of moderate size.
const std::vector<Snippet::Emit>& on_floats() {
  static const std::vector<Snippet::Emit> all{
      DO(vaddps(ymm0, ymm1, ymm2)),      DO(vsubps(ymm0, ymm1, ymm2)),
      DO(vmulps(ymm0, ymm1, ymm2)),      DO(vdivps(ymm0, ymm1, ymm2)),
      DO(vmaxps(ymm0, ymm1, ymm2)),      DO(vminps(ymm0, ymm1, ymm2)),
      DO(vsqrtps(ymm0, ymm1)),           DO(vroundps(ymm0, ymm1, 0)),
      DO(vroundps(ymm0, ymm1, 1)),       DO(vcvtps2dq(ymm0, ymm1)),
      DO(vcvttps2dq(ymm0, ymm1)),        DO(vcvtdq2ps(ymm0, ymm1)),
      DO(vcmpps(ymm0, ymm1, ymm2, 1)),   DO(vcmpps(ymm0, ymm1, ymm2, 29)),
      DO(vfmadd231ps(ymm0, ymm1, ymm2)), DO(vfmadd213ps(ymm0, ymm1, ymm2)),
      DO(vfmadd132ps(ymm0, ymm1, ymm2)), DO(vfnmadd231ps(ymm0, ymm1, ymm2)),
      DO(vfmsub213ps(ymm0, ymm1, ymm2)), DO(vaddss(xmm0, xmm1, xmm2)),
      DO(vfmadd231ss(xmm0, xmm1, xmm2)), DO(vcvtps2ph(xmm0, ymm1, 0))};
  return all;
}
#undef DO

template <class Fill>
void expect_same_snippets(const std::vector<Snippet::Emit>& all, const Fill& fill) {
  std::mt19937_64 random(kSeed);
  for (size_t number = 0; number < all.size(); ++number) {
    Snippet snippet(all[number]);
    for (int round = 0; round < 200; ++round) {
      Registers executed;
      fill(executed, random);
      Registers interpreted = executed;
      snippet.getCode<void (*)(void*)>()(&executed);
      emulate(snippet.getCode(), &interpreted);
      ASSERT_EQ(std::memcmp(&executed, &interpreted, sizeof executed), 0) << "snippet " << number;
    }
  }
  std::printf("%zu instructions: interpreted as executed, seed %u\n", all.size(), kSeed);
}

TEST(EmulatorAgainstTheCpu, InstructionsOnBitsGiveTheSame) {
  expect_same_snippets(on_bits(), [](Registers& r, std::mt19937_64& random) {
    auto* words = reinterpret_cast<uint64_t*>(&r);
    for (size_t i = 0; i < sizeof r / 8; ++i) words[i] = random();
  });
}

TEST(EmulatorAgainstTheCpu, InstructionsOnFloatsGiveTheSame) {
  expect_same_snippets(on_floats(), [](Registers& r, std::mt19937_64& random) {
    std::memset(&r, 0, sizeof r);
    std::normal_distribution<float> normal;
    for (auto& vector : r.vector) {
      auto* lanes = reinterpret_cast<float*>(vector);
      for (int i = 0; i < 16; ++i) lanes[i] = normal(random) * (i % 5 == 0 ? 1e5f : 1.5f);
    }
  });
}

}  // namespace
}  // namespace stoker::tests
