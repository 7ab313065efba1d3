#include "jit/gen/gemm.h"

#include <algorithm>
#include <optional>
#include <sstream>

#include "jit/assembler.h"
#include "jit/code_cache.h"
#include "jit/phases/convert.h"
#include "jit/phases/finish.h"

namespace stoker::jit {
namespace {

using Xbyak::Address;
using Xbyak::Label;
using Xbyak::Reg64;
using Xbyak::RegExp;
using Xbyak::Xmm;

// Budget of vector registers: rows x vectors accumulators, `vectors` of B, one broadcast of A (up
// to four where they are left), and the mask of bf16. gemm_max_rows() counts the same way. With
// several panels: the accumulators, `rows` broadcasts, and what is left, up to four, for B in turn.
class Generator : public Assembler {
 public:
  explicit Generator(const GemmConfig& config)
      : Assembler(config.isa), c_(config), bytes_(vector_bytes()) {}

  GemmKernel generate() {
    const Gpr steps = gpr(), scratch = gpr();
    load_args(steps);
    init_accumulators(scratch, loop_->a[0]);
    k_loop(steps, scratch);
    loop_.reset();
    operands_.reset();
    scale();
    add_bias(scratch);
    finish_temps(c_.epilogue, c_.out) <= vecs_left() ? store() : spill_and_store(steps);
    leave();
    return finish<GemmKernel>(gemm_name(c_));
  }

 private:
  static constexpr int kUnroll = 4;

  struct LoopRegs {
    std::vector<Gpr> b;  // a panel each
    Gpr next, lda, ldb, ldb3;
    std::vector<Gpr> a;  // rows 0, 3, 6, ... of A
  };
  struct Operands {
    std::vector<Vec> b;
    std::optional<Vec> odd_mask;  // keeps the odd halves of bf16 pairs
    std::vector<Vec> broadcast;   // of A, in turn
  };

  Address field(size_t offset) const { return ptr[args + static_cast<int>(offset)]; }
#define ARG(name) field(offsetof(GemmArgs, name))

  void load_args(const Reg64& steps) {
    loop_.emplace(LoopRegs{{}, gpr(), gpr(), gpr(), gpr(), {}});
    for (int panel = 0; panel < c_.panels; ++panel) loop_->b.push_back(gpr());
    for (int group = 0; group <= (c_.rows - 1) / 3; ++group) loop_->a.push_back(gpr());
    enter();
    accumulators_ = vecs(c_.rows * c_.vectors);
    operands_.emplace(Operands{{}, {}, {}});
    if (c_.panels == 1) operands_->b = vecs(c_.vectors);
    if (c_.math == GemmMath::kBf16Wide) {
      operands_->odd_mask.emplace(vec());
      load_constant(*operands_->odd_mask, 0xFFFF0000u);
    }
    operands_->broadcast = vecs(c_.panels > 1 ? c_.rows : std::min(vecs_left(), 4));
    if (c_.panels > 1) operands_->b = vecs(std::min(vecs_left(), 4));
    mov(loop_->b[0], ARG(b));
    for (size_t panel = 1; panel < loop_->b.size(); ++panel) {
      mov(loop_->b[panel], loop_->b[panel - 1]);
      add(loop_->b[panel], ARG(panel_bytes));
    }
    mov(loop_->next, ARG(next));
    if (c_.panels > 1) sub(loop_->next, loop_->b[0]);  // how far ahead
    mov(loop_->lda, ARG(lda));
    mov(loop_->ldb, ARG(ldb));
    mov(steps, ARG(steps));
    lea(loop_->ldb3, ptr[loop_->ldb + loop_->ldb * 2]);
  }

  const Xmm& acc(int row, int v) const {
    return accumulators_[static_cast<size_t>(row * c_.vectors + v)];
  }
  const Xmm& b_vector(int v) const { return operands_->b[static_cast<size_t>(v)]; }

  void init_accumulators(const Reg64& c, const Reg64& ldc) {
    Label from_memory, done;
    mov(c, ARG(c_in));
    mov(ldc, ARG(ldc_in));
    test(c, c);
    jnz(from_memory, T_NEAR);
    for (const Vec& x : accumulators_) vxorps(x, x, x);
    jmp(done, T_NEAR);
    L(from_memory);
    for (int row = 0; row < c_.rows; ++row) {
      for (int v = 0; v < c_.vectors; ++v) vmovups(acc(row, v), ptr[c + v * bytes_]);
      if (row + 1 < c_.rows) add(c, ldc);
    }
    L(done);
    mov(loop_->a[0], ARG(a));
    for (size_t group = 1; group < loop_->a.size(); ++group) {
      lea(loop_->a[group], ptr[loop_->a[group - 1] + loop_->lda * 2]);
      add(loop_->a[group], loop_->lda);
    }
  }

  void k_loop(const Reg64& steps, const Reg64& count) {
    Label loop, tail, tail_loop, done;
    mov(count, steps);
    shr(count, 2);
    jz(tail, T_NEAR);
    align(32);
    L(loop);
    for (int u = 0; u < kUnroll; ++u) step(u);
    for (const Gpr& b : loop_->b) lea(b, ptr[b + loop_->ldb * 4]);
    if (moves_next()) lea(loop_->next, ptr[loop_->next + loop_->ldb * c_.prefetch_steps]);
    advance_a(kUnroll);
    dec(count);
    jnz(loop, T_NEAR);
    L(tail);
    and_(steps, kUnroll - 1);
    jz(done, T_NEAR);
    L(tail_loop);
    step(0);
    for (const Gpr& b : loop_->b) add(b, loop_->ldb);
    if (moves_next()) add(loop_->next, loop_->ldb);
    advance_a(1);
    dec(steps);
    jnz(tail_loop, T_NEAR);
    L(done);
  }

  bool moves_next() const { return c_.prefetch_lines != 0 && c_.panels == 1; }

  void advance_a(int count) {
    for (const Gpr& group : loop_->a) add(group, count * a_step());
  }

  bool widens() const { return c_.math == GemmMath::kBf16Wide || c_.math == GemmMath::kF16; }
  // Bytes of A in one step: two fp32, or one pair of bf16, or one fp32.
  int a_step() const { return widens() ? 8 : 4; }

  Address a_at(int row, int displacement) const {
    const Reg64& base = loop_->a[static_cast<size_t>(row / 3)];
    if (row % 3 == 0) return ptr[base + displacement];
    if (row % 3 == 1) return ptr[base + loop_->lda + displacement];
    return ptr[base + loop_->lda * 2 + displacement];
  }

  // Vector `v` of step `u`, its elements `element` bytes large, `displacement` bytes on.
  Address b_at(int u, int v, int element, int displacement = 0) const {
    const int of_panel = c_.vectors / c_.panels;
    const Gpr& panel = loop_->b[static_cast<size_t>(v / of_panel)];
    return at(panel, u, v % of_panel * bytes_ / 4 * element + displacement);
  }

  Address at(const Reg64& base, int u, int displacement) const {
    if (u == 0) return ptr[base + displacement];
    if (u == 1) return ptr[base + loop_->ldb + displacement];
    if (u == 2) return ptr[base + loop_->ldb * 2 + displacement];
    return ptr[base + loop_->ldb3 + displacement];
  }

  void step(int u) {
    prefetch(u);
    switch (c_.math) {
      case GemmMath::kF32:
        multiply(u * 4, [&](const Xmm& to, int v) { vmovups(to, b_at(u, v, 4)); });
        break;
      case GemmMath::kBf16Dot:
        dot(u * 4, [&](const Xmm& to, int v) { vmovups(to, b_at(u, v, 4)); });
        break;
      case GemmMath::kBf16Wide:
        multiply(u * 8, [&](const Xmm& to, int v) { emit_load_even(*this, to, b_at(u, v, 4)); });
        multiply(u * 8 + 4,
                 [&](const Xmm& to, int v) { vandps(to, *operands_->odd_mask, b_at(u, v, 4)); });
        break;
      case GemmMath::kF16:
        for (int odd = 0; odd < 2; ++odd) {
          multiply(u * 8 + odd * 4,
                   [&](const Xmm& to, int v) { vcvtph2ps(to, b_at(u, v, 2, odd * odd_bytes())); });
        }
        break;
      case GemmMath::kBf16Amx:
        throw Xbyak::Error(Xbyak::ERR_INTERNAL);  // gemm_amx.cpp generates those
    }
  }

  // From the fp16 of an even k to those of the next one.
  int odd_bytes() const { return gemm_panel(c_.isa) * 2; }

  void prefetch(int u) {
    if (c_.panels > 1) {
      // Steps of a packed panel follow each other: one look ahead for all four.
      for (int line = 0; u == 0 && line < c_.prefetch_lines * kUnroll; ++line) {
        for (const Gpr& panel : loop_->b) prefetcht0(ptr[panel + loop_->next + line * 64]);
      }
      return;
    }
    for (int line = 0; u < c_.prefetch_steps && line < c_.prefetch_lines; ++line) {
      const Address address = at(loop_->next, u, line_offset(line));
      c_.prefetch_far != 0 ? prefetcht1(address) : prefetcht0(address);
    }
  }

  // Near lines are those that this kernel will load itself; of fp16 they lie in two halves.
  int line_offset(int line) const {
    const int half = (c_.prefetch_lines + 1) / 2;
    if (c_.math != GemmMath::kF16 || c_.prefetch_far != 0 || line < half) return line * 64;
    return odd_bytes() + (line - half) * 64;
  }

  const Xmm& broadcast(int row) const {
    return operands_->broadcast[static_cast<size_t>(row) % operands_->broadcast.size()];
  }

  // `load(to, v)` brings vector `v` of B.
  template <class Load>
  void multiply(int displacement, const Load& load) {
    each_product(
        load, [&](const Xmm& to, int row) { vbroadcastss(to, a_at(row, displacement)); },
        [&](const Xmm& sum, const Xmm& a, const Xmm& b) { vfmadd231ps(sum, a, b); });
  }

  template <class Load>
  void dot(int displacement, const Load& load) {
    each_product(
        load, [&](const Xmm& to, int row) { vpbroadcastd(to, a_at(row, displacement)); },
        [&](const Xmm& sum, const Xmm& a, const Xmm& b) { vdpbf16ps(sum, b, a); });
  }

  // One panel: all of B first, then row by row. Several: all of A first, then vector by vector.
  template <class Load, class Broadcast, class Product>
  void each_product(const Load& load, const Broadcast& spread, const Product& product) {
    if (c_.panels == 1) {
      for (int v = 0; v < c_.vectors; ++v) load(b_vector(v), v);
      for (int row = 0; row < c_.rows; ++row) {
        spread(broadcast(row), row);
        for (int v = 0; v < c_.vectors; ++v) product(acc(row, v), broadcast(row), b_vector(v));
      }
      return;
    }
    for (int row = 0; row < c_.rows; ++row) spread(broadcast(row), row);
    for (int v = 0; v < c_.vectors; ++v) {
      const Xmm& b = b_vector(v % static_cast<int>(operands_->b.size()));
      load(b, v);
      for (int row = 0; row < c_.rows; ++row) product(acc(row, v), broadcast(row), b);
    }
  }

  void scale() {
    if (c_.epilogue.scaled == 0) return;
    const Vec alpha = vec();
    vbroadcastss(alpha, ARG(alpha));
    for (const Vec& x : accumulators_) vmulps(x, x, alpha);
  }

  void add_bias(const Reg64& bias) {
    Label none;
    mov(bias, ARG(bias));
    test(bias, bias);
    jz(none, T_NEAR);
    const Vec addend = vec();
    for (int v = 0; v < c_.vectors; ++v) {
      vmovups(addend, ptr[bias + v * bytes_]);
      for (int row = 0; row < c_.rows; ++row) vaddps(acc(row, v), acc(row, v), addend);
    }
    L(none);
  }

  struct StoreRegs {
    Gpr c, ldc, other, ldo;
  };
  StoreRegs store_regs() {
    StoreRegs r{gpr(), gpr(), gpr(), gpr()};
    mov(r.c, ARG(c_out));
    mov(r.ldc, ARG(ldc_out));
    if (c_.epilogue.combine != Combine::kNone) {
      mov(r.other, ARG(other));
      mov(r.ldo, ARG(ldo));
    }
    return r;
  }

  void finish_vector(const Xmm& x, const StoreRegs& r, int v) {
    const int lanes = bytes_ / 4;
    emit_finish(*this, c_.epilogue, c_.out, x,
                {.other = r.other + v * lanes * element_bytes(c_.epilogue.other),
                 .out = r.c + v * lanes * element_bytes(c_.out),
                 .beta = args + static_cast<int>(offsetof(GemmArgs, beta))});
  }

  void next_row(const StoreRegs& r) {
    add(r.c, r.ldc);
    if (c_.epilogue.combine != Combine::kNone) add(r.other, r.ldo);
  }

  void store() {
    const StoreRegs r = store_regs();
    for (int row = 0; row < c_.rows; ++row) {
      for (int v = 0; v < c_.vectors; ++v) finish_vector(acc(row, v), r, v);
      if (row + 1 < c_.rows) next_row(r);
    }
  }

  void spill_and_store(const Reg64& row) {
    const StoreRegs r = store_regs();
    const Gpr stack = gpr(), from = gpr();
    emit_spilled(
        *this, accumulators_, c_.vectors, {stack, from, row}, [] {},
        [&](const Xmm& x, int v) { finish_vector(x, r, v); }, [&] { next_row(r); });
  }
#undef ARG

  const GemmConfig c_;
  const int bytes_;  // of a vector of B, and of an accumulator
  std::optional<LoopRegs> loop_;
  std::optional<Operands> operands_;
  std::vector<Vec> accumulators_;
};

GemmKernel generate(const GemmConfig& config) { return Generator(config).generate(); }

}  // namespace

const char* math_name(GemmMath math) noexcept {
  static constexpr const char* kNames[] = {"f32", "bf16wide", "bf16dot", "f16", "bf16amx"};
  return kNames[static_cast<int>(math)];
}

int gemm_max_rows(Isa isa, GemmMath math, int vectors) noexcept {
  if (math == GemmMath::kBf16Amx) return vectors > 2 ? 16 : 32;
  const int registers = isa >= Isa::kAvx512 ? 32 : 16;
  const int others = vectors + 1 + (math == GemmMath::kBf16Wide ? 1 : 0);
  const int rows = (registers - others) / vectors;
  return rows < 15 ? rows : 15;  // five groups of three rows of A
}

GemmKernel get_gemm(const GemmConfig& config) noexcept {
  static auto* const cache = new CodeCache<GemmConfig, GemmKernel>();
  return cache->get(config, &generate);
}

std::string gemm_name(const GemmConfig& config) {
  std::ostringstream name;
  name << "gemm_" << math_name(config.math) << '_' << element_name(config.out) << '_'
       << int{config.rows} << 'x' << config.vectors * gemm_lanes(config.isa) << '_'
       << isa_name(config.isa);
  if (config.panels > 1) name << "_panels" << int{config.panels};
  if (config.prefetch_lines != 0) {
    name << (config.prefetch_far != 0 ? "_far" : "_near") << int{config.prefetch_lines};
    if (config.prefetch_steps != 4) name << "by" << int{config.prefetch_steps};
  }
  name << epilogue_name(config.epilogue);
  if (config.tail != 0) name << "_tail" << int{config.tail};
  if (config.epilogue.scaled != 0) name << "_scaled";
  return name.str();
}

}  // namespace stoker::jit
