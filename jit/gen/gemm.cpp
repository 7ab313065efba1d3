#include "jit/gen/gemm.h"

#include <memory>

#include "jit/assembler.h"
#include "jit/code_cache.h"

namespace stoker::jit {
namespace {

using Xbyak::Address;
using Xbyak::Label;
using Xbyak::Reg64;
using Xbyak::Xmm;

class Generator : public Assembler {
 public:
  explicit Generator(const GemmConfig& config)
      : c_(config), zmm_(config.isa >= Isa::kAvx512), bytes_(gemm_lanes(config.isa) * 4) {}

  GemmKernel generate() {
    enter(kTempCount);
    load_args();
    init_accumulators();
    k_loop();
    add_bias();
    store();
    leave();
    return finish<GemmKernel>();
  }

 private:
  static constexpr int kTempCount = 13;
  static constexpr int kUnroll = 4;

  Reg64 b() const { return temp(0); }
  Reg64 lda() const { return temp(1); }
  Reg64 ldb() const { return temp(2); }
  Reg64 steps() const { return temp(3); }
  Reg64 scratch() const { return temp(4); }
  Reg64 ldb3() const { return temp(5); }
  Reg64 a(int group) const { return temp(6 + group); }  // row 3 * group of A
  Reg64 ldc() const { return temp(11); }
  Reg64 c() const { return temp(12); }
  Reg64 next() const { return temp(12); }  // C is not looked at between start and end

  // Vector registers: accumulators from 0, then B, then the sign-preserving mask of the odd halves,
  // then what is broadcast from A.
  Xmm vector(int i) const { return zmm_ ? Xmm(Xbyak::Zmm(i)) : Xmm(Xbyak::Ymm(i)); }
  Xmm acc(int row, int v) const { return vector(row * c_.vectors + v); }
  Xmm b_vector(int v) const { return vector(c_.rows * c_.vectors + v); }
  int after_b() const { return c_.rows * c_.vectors + c_.vectors; }
  Xmm odd_mask() const { return vector(after_b()); }
  Xmm broadcast(int i) const {
    const int first = after_b() + (c_.math == GemmMath::kBf16Wide ? 1 : 0);
    const int free = (zmm_ ? 32 : 16) - first;
    return vector(first + i % (free < 4 ? free : 4));
  }

  Address field(size_t offset) const { return ptr[args + static_cast<int>(offset)]; }
#define ARG(name) field(offsetof(GemmArgs, name))

  void load_args() {
    mov(b(), ARG(b));
    mov(lda(), ARG(lda));
    mov(ldb(), ARG(ldb));
    mov(steps(), ARG(steps));
    mov(a(0), ARG(a));
    for (int group = 1; group <= (c_.rows - 1) / 3; ++group) {
      lea(a(group), ptr[a(group - 1) + lda() * 2]);
      add(a(group), lda());
    }
    lea(ldb3(), ptr[ldb() + ldb() * 2]);
    if (c_.math == GemmMath::kBf16Wide) {
      mov(scratch().cvt32(), 0xFFFF0000);
      vmovd(Xmm(odd_mask().getIdx()), scratch().cvt32());
      vpbroadcastd(odd_mask(), Xmm(odd_mask().getIdx()));
    }
  }

  void zero(const Xmm& x) {
    if (zmm_) {
      vpxord(x, x, x);
    } else {
      vxorps(x, x, x);
    }
  }

  void init_accumulators() {
    Label from_memory, done;
    mov(c(), ARG(c_in));
    mov(ldc(), ARG(ldc_in));
    test(c(), c());
    jnz(from_memory, T_NEAR);
    for (int i = 0; i < c_.rows * c_.vectors; ++i) zero(vector(i));
    jmp(done, T_NEAR);
    L(from_memory);
    for (int row = 0; row < c_.rows; ++row) {
      for (int v = 0; v < c_.vectors; ++v) vmovups(acc(row, v), ptr[c() + v * bytes_]);
      if (row + 1 < c_.rows) add(c(), ldc());
    }
    L(done);
  }

  void k_loop() {
    Label loop, tail, tail_loop, done;
    mov(next(), ARG(next));
    mov(scratch(), steps());
    shr(scratch(), 2);
    jz(tail, T_NEAR);
    align(32);
    L(loop);
    for (int u = 0; u < kUnroll; ++u) step(u);
    lea(b(), ptr[b() + ldb() * 4]);
    lea(next(), ptr[next() + ldb() * 4]);
    advance_a(kUnroll);
    dec(scratch());
    jnz(loop, T_NEAR);
    L(tail);
    and_(steps(), kUnroll - 1);
    jz(done, T_NEAR);
    L(tail_loop);
    step(0);
    add(b(), ldb());
    add(next(), ldb());
    advance_a(1);
    dec(steps());
    jnz(tail_loop, T_NEAR);
    L(done);
  }

  void advance_a(int count) {
    for (int group = 0; group <= (c_.rows - 1) / 3; ++group) add(a(group), count * a_step());
  }

  bool widens() const { return c_.math == GemmMath::kBf16Wide || c_.math == GemmMath::kF16; }
  // Bytes of A in one step: two fp32, or one pair of bf16, or one fp32.
  int a_step() const { return widens() ? 8 : 4; }

  Address a_at(int row, int displacement) const {
    const Reg64 base = a(row / 3);
    if (row % 3 == 0) return ptr[base + displacement];
    if (row % 3 == 1) return ptr[base + lda() + displacement];
    return ptr[base + lda() * 2 + displacement];
  }

  Address b_at(int u, int displacement) const { return at(b(), u, displacement); }

  Address at(const Reg64& base, int u, int displacement) const {
    if (u == 0) return ptr[base + displacement];
    if (u == 1) return ptr[base + ldb() + displacement];
    if (u == 2) return ptr[base + ldb() * 2 + displacement];
    return ptr[base + ldb3() + displacement];
  }

  void step(int u) {
    prefetch(u);
    switch (c_.math) {
      case GemmMath::kF32:
        for (int v = 0; v < c_.vectors; ++v) vmovups(b_vector(v), b_at(u, v * bytes_));
        multiply(u * 4);
        break;
      case GemmMath::kBf16Dot:
        for (int v = 0; v < c_.vectors; ++v) vmovups(b_vector(v), b_at(u, v * bytes_));
        dot(u * 4);
        break;
      case GemmMath::kBf16Wide:
        for (int v = 0; v < c_.vectors; ++v) widen_even(b_vector(v), b_at(u, v * bytes_));
        multiply(u * 8);
        for (int v = 0; v < c_.vectors; ++v) widen_odd(b_vector(v), b_at(u, v * bytes_));
        multiply(u * 8 + 4);
        break;
      case GemmMath::kF16:
        for (int odd = 0; odd < 2; ++odd) {
          for (int v = 0; v < c_.vectors; ++v) {
            vcvtph2ps(b_vector(v), b_at(u, odd * odd_bytes() + v * bytes_ / 2));
          }
          multiply(u * 8 + odd * 4);
        }
        break;
    }
  }

  // From the fp16 of an even k to those of the next one.
  int odd_bytes() const { return gemm_panel(c_.isa) * 2; }

  void prefetch(int u) {
    for (int line = 0; line < c_.prefetch_lines; ++line) {
      const Address address = at(next(), u, line * 64);
      c_.prefetch_far ? prefetcht1(address) : prefetcht0(address);
    }
  }

  // bf16 is the upper half of an fp32: little-endian, so the even element is the lower half.
  void widen_even(const Xmm& to, const Address& from) {
    if (zmm_) {
      vpslld(to, from, 16);
    } else {
      vmovdqu(to, from);
      vpslld(to, to, 16);
    }
  }

  void widen_odd(const Xmm& to, const Address& from) {
    if (zmm_) {
      vpandd(to, odd_mask(), from);
    } else {
      vpand(to, odd_mask(), from);
    }
  }

  void multiply(int displacement) {
    for (int row = 0; row < c_.rows; ++row) {
      const Xmm x = broadcast(row);
      vbroadcastss(x, a_at(row, displacement));
      for (int v = 0; v < c_.vectors; ++v) vfmadd231ps(acc(row, v), x, b_vector(v));
    }
  }

  void dot(int displacement) {
    for (int row = 0; row < c_.rows; ++row) {
      const Xmm x = broadcast(row);
      vpbroadcastd(x, a_at(row, displacement));
      for (int v = 0; v < c_.vectors; ++v) vdpbf16ps(acc(row, v), b_vector(v), x);
    }
  }

  void add_bias() {
    Label none;
    mov(scratch(), ARG(bias));
    test(scratch(), scratch());
    jz(none, T_NEAR);
    for (int v = 0; v < c_.vectors; ++v) {
      vmovups(b_vector(v), ptr[scratch() + v * bytes_]);
      for (int row = 0; row < c_.rows; ++row) vaddps(acc(row, v), acc(row, v), b_vector(v));
    }
    L(none);
  }

  void store() {
    mov(c(), ARG(c_out));
    mov(ldc(), ARG(ldc_out));
    for (int row = 0; row < c_.rows; ++row) {
      for (int v = 0; v < c_.vectors; ++v) store_vector(row, v);
      if (row + 1 < c_.rows) add(c(), ldc());
    }
  }

  void store_vector(int row, int v) {
    if (!c_.narrow_out) {
      vmovups(ptr[c() + v * bytes_], acc(row, v));
      return;
    }
    if (c_.math == GemmMath::kF16) {
      constexpr int kNearestEven = 0;
      vcvtps2ph(ptr[c() + v * bytes_ / 2], acc(row, v), kNearestEven);
      return;
    }
    const Xbyak::Ymm half(acc(row, v).getIdx());
    vcvtneps2bf16(half, Xbyak::Zmm(acc(row, v).getIdx()));
    vmovups(ptr[c() + v * bytes_ / 2], half);
  }
#undef ARG

  const GemmConfig c_;
  const bool zmm_;
  const int bytes_;  // of a vector of B, and of an accumulator
};

GemmKernel generate(const GemmConfig& config) {
  auto generator = std::make_unique<Generator>(config);
  const GemmKernel kernel = generator->generate();
  generator.release();  // it owns the code: kept for good
  return kernel;
}

}  // namespace

int gemm_max_rows(Isa isa, GemmMath math, int vectors) noexcept {
  const int registers = isa >= Isa::kAvx512 ? 32 : 16;
  const int others = vectors + 1 + (math == GemmMath::kBf16Wide ? 1 : 0);
  const int rows = (registers - others) / vectors;
  return rows < 15 ? rows : 15;  // five groups of three rows of A
}

GemmKernel get_gemm(const GemmConfig& config) noexcept {
  static auto* const cache = new CodeCache<GemmConfig, GemmKernel>();
  return cache->get(config, &generate);
}

}  // namespace stoker::jit
