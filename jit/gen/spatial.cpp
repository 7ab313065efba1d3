#include "jit/gen/spatial.h"

#include <algorithm>
#include <cstddef>
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
using Xbyak::Xmm;

// Budget of vector registers: rows x vectors accumulators, `vectors` of B, the mask of bf16, and
// what is left, one to four, for broadcasts of A in turn.
class Generator : public Assembler {
 public:
  explicit Generator(const SpatialConfig& config)
      : Assembler(config.isa),
        c_(config),
        bytes_(vector_bytes()),
        step_bytes_(gemm_panel(config.isa) * 4) {}

  SpatialKernel generate() {
    load_args();
    prefetch_out();
    init_accumulators();
    each_run();
    loop_.reset();
    operands_.reset();
    add_bias();
    finish_temps(c_.epilogue, c_.out) <= vecs_left() ? store() : spill_and_store();
    leave();
    return finish<SpatialKernel>(spatial_name(c_));
  }

 private:
  static constexpr int kUnroll = 4;

  struct LoopRegs {
    Gpr run, left;          // the runs that are left
    Gpr b, steps, at, end;  // of this run; `at`: bytes from its start in A
    std::optional<Gpr> next;
    std::vector<Gpr> rows;
  };
  struct Operands {
    std::vector<Vec> b;
    std::optional<Vec> odd_mask;  // keeps the odd halves of bf16 pairs
    std::vector<Vec> broadcast;   // of A, in turn
  };

  Address field(size_t offset) const { return ptr[args + static_cast<int>(offset)]; }
#define ARG(name) field(offsetof(SpatialArgs, name))

  void load_args() {
    loop_.emplace(LoopRegs{gpr(), gpr(), gpr(), gpr(), gpr(), gpr(), {}, {}});
    for (int row = 0; row < c_.rows; ++row) loop_->rows.push_back(gpr());
    if (c_.prefetch_lines != 0) loop_->next.emplace(gpr());
    enter();
    accumulators_ = vecs(c_.rows * c_.vectors);
    operands_.emplace(Operands{vecs(c_.vectors), {}, {}});
    if (c_.math == GemmMath::kBf16Wide) {
      operands_->odd_mask.emplace(vec());
      load_constant(*operands_->odd_mask, 0xFFFF0000u);
    }
    operands_->broadcast = vecs(std::min({vecs_left(), 4, int{c_.rows}}));
    mov(loop_->run, ARG(runs));
    mov(loop_->left, ARG(count));
    if (loop_->next) mov(*loop_->next, ARG(next));
  }

  // Lines of Y that lie a pixel apart, in no cache: to be owned when the results are there. Without
  // it the stores took as long as sums of 147 products (7x7 of three channels, Zen 3). CPUs that do
  // not know PREFETCHW do nothing (Intel SDM vol. 2).
  void prefetch_out() {
    mov(loop_->b, ARG(out));
    mov(loop_->at, ARG(out_at));
    for (int row = 0; row < c_.rows; ++row) {
      mov(loop_->end, ptr[loop_->b + row * 8]);
      prefetchw(ptr[loop_->end + loop_->at]);
    }
  }

  const Xmm& acc(int row, int v) const {
    return accumulators_[static_cast<size_t>(row * c_.vectors + v)];
  }

  void init_accumulators() {
    Label from_memory, done;
    const Reg64& from = loop_->b;
    mov(from, ARG(c_in));
    test(from, from);
    jnz(from_memory, T_NEAR);
    for (const Vec& x : accumulators_) vxorps(x, x, x);
    jmp(done, T_NEAR);
    L(from_memory);
    for (int row = 0; row < c_.rows; ++row) {
      for (int v = 0; v < c_.vectors; ++v) {
        vmovups(acc(row, v), ptr[from + row * step_bytes_ + v * bytes_]);
      }
    }
    L(done);
  }

  void each_run() {
    Label run, done;
    test(loop_->left, loop_->left);
    jz(done, T_NEAR);
    L(run);
    mov(loop_->b, ptr[loop_->run + offsetof(SpatialRun, b)]);
    add(loop_->b, ARG(b));
    mov(loop_->steps, ptr[loop_->run + offsetof(SpatialRun, steps)]);
    for (int row = 0; row < c_.rows; ++row) {
      mov(loop_->rows[static_cast<size_t>(row)],
          ptr[loop_->run + (offsetof(SpatialRun, rows) + static_cast<size_t>(row) * 8)]);
    }
    k_loop();
    add(loop_->run, sizeof(SpatialRun));
    dec(loop_->left);
    jnz(run, T_NEAR);
    L(done);
  }

  void k_loop() {
    Label loop, tail, tail_loop, done;
    xor_(loop_->at, loop_->at);
    mov(loop_->end, loop_->steps);
    and_(loop_->end, -kUnroll);
    jz(tail, T_NEAR);
    shl(loop_->end, widens() ? 3 : 2);
    align(32);
    L(loop);
    for (int u = 0; u < kUnroll; ++u) step(u);
    if (loop_->next) prefetch();
    add(loop_->b, kUnroll * step_bytes_);
    add(loop_->at, kUnroll * a_step());
    cmp(loop_->at, loop_->end);
    jb(loop, T_NEAR);
    L(tail);
    and_(loop_->steps, kUnroll - 1);
    jz(done, T_NEAR);
    L(tail_loop);
    step(0);
    add(loop_->b, step_bytes_);
    add(loop_->at, a_step());
    dec(loop_->steps);
    jnz(tail_loop, T_NEAR);
    L(done);
  }

  void prefetch() {
    for (int line = 0; line < c_.prefetch_lines; ++line) prefetcht1(ptr[*loop_->next + line * 64]);
    add(*loop_->next, c_.prefetch_lines * 64);
  }

  bool widens() const { return c_.math != GemmMath::kF32; }
  // Bytes of A in one step: an fp32, or two.
  int a_step() const { return widens() ? 8 : 4; }

  void step(int u) {
    const int b = u * step_bytes_, a = u * a_step();
    const auto b_at = [this, b](int v, int element, int more) {
      return ptr[loop_->b + b + v * bytes_ / 4 * element + more];
    };
    switch (c_.math) {
      case GemmMath::kF32:
        multiply(a, [&](const Xmm& to, int v) { vmovups(to, b_at(v, 4, 0)); });
        break;
      case GemmMath::kBf16Wide:
        multiply(a, [&](const Xmm& to, int v) { emit_load_even(*this, to, b_at(v, 4, 0)); });
        multiply(a + 4,
                 [&](const Xmm& to, int v) { vandps(to, *operands_->odd_mask, b_at(v, 4, 0)); });
        break;
      case GemmMath::kF16:
        for (int odd = 0; odd < 2; ++odd) {
          multiply(a + odd * 4,
                   [&](const Xmm& to, int v) { vcvtph2ps(to, b_at(v, 2, odd * step_bytes_ / 2)); });
        }
        break;
      default:
        throw Xbyak::Error(Xbyak::ERR_INTERNAL);
    }
  }

  // `load(to, v)` brings vector `v` of B.
  template <class Load>
  void multiply(int displacement, const Load& load) {
    for (int v = 0; v < c_.vectors; ++v) load(operands_->b[static_cast<size_t>(v)], v);
    for (int row = 0; row < c_.rows; ++row) {
      const auto number = static_cast<size_t>(row);
      const Xmm& a = operands_->broadcast[number % operands_->broadcast.size()];
      vbroadcastss(a, ptr[loop_->rows[number] + loop_->at + displacement]);
      for (int v = 0; v < c_.vectors; ++v) {
        vfmadd231ps(acc(row, v), a, operands_->b[static_cast<size_t>(v)]);
      }
    }
  }

  void add_bias() {
    Label none;
    const Gpr bias = gpr();
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

  bool combines() const { return c_.epilogue.combine != Combine::kNone; }

  struct StoreRegs {
    Gpr outs, out_at, others, other_at, out, other;
  };

  void finish_vector(const Xmm& x, const StoreRegs& r, int v) {
    const int lanes = bytes_ / 4;
    emit_finish(*this, c_.epilogue, c_.out, x,
                {.other = r.other + v * lanes * element_bytes(c_.epilogue.other),
                 .out = r.out + v * lanes * element_bytes(c_.out),
                 .beta = {}});
  }

  StoreRegs store_regs() {
    StoreRegs r{gpr(), gpr(), gpr(), gpr(), gpr(), gpr()};
    mov(r.outs, ARG(out));
    mov(r.out_at, ARG(out_at));
    if (combines()) {
      mov(r.others, ARG(other));
      mov(r.other_at, ARG(other_at));
    }
    return r;
  }

  void next_row(const StoreRegs& r) {
    mov(r.out, ptr[r.outs]);
    add(r.out, r.out_at);
    add(r.outs, 8);
    if (!combines()) return;
    mov(r.other, ptr[r.others]);
    add(r.other, r.other_at);
    add(r.others, 8);
  }

  void store() {
    const StoreRegs r = store_regs();
    for (int row = 0; row < c_.rows; ++row) {
      next_row(r);
      for (int v = 0; v < c_.vectors; ++v) finish_vector(acc(row, v), r, v);
    }
  }

  void spill_and_store() {
    const StoreRegs r = store_regs();
    const Gpr stack = gpr(), from = gpr(), left = gpr();
    emit_spilled(
        *this, accumulators_, c_.vectors, {stack, from, left}, [&] { next_row(r); },
        [&](const Xmm& x, int v) { finish_vector(x, r, v); }, [] {});
  }
#undef ARG

  const SpatialConfig c_;
  const int bytes_;       // of a vector of B, and of an accumulator
  const int step_bytes_;  // of a panel
  std::optional<LoopRegs> loop_;
  std::optional<Operands> operands_;
  std::vector<Vec> accumulators_;
};

SpatialKernel generate(const SpatialConfig& config) { return Generator(config).generate(); }

}  // namespace

SpatialKernel get_spatial(const SpatialConfig& config) noexcept {
  static auto* const cache = new CodeCache<SpatialConfig, SpatialKernel>();
  return cache->get(config, &generate);
}

std::string spatial_name(const SpatialConfig& config) {
  std::ostringstream name;
  name << "spatial_" << math_name(config.math) << '_' << element_name(config.out) << '_'
       << int{config.rows} << 'x' << config.vectors * gemm_lanes(config.isa) << '_'
       << isa_name(config.isa);
  if (config.prefetch_lines != 0) name << "_far" << int{config.prefetch_lines};
  name << epilogue_name(config.epilogue);
  return name.str();
}

}  // namespace stoker::jit
