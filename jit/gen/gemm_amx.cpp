#include "jit/gen/gemm_amx.h"

#include <array>
#include <cstddef>

#include "jit/assembler.h"
#include "jit/code_cache.h"
#include "jit/phases/finish.h"

namespace stoker::jit {
namespace {

using Xbyak::Address;
using Xbyak::Label;
using Xbyak::Reg64;
using Xbyak::Tmm;

// The operand of LDTILECFG (Intel SDM vol. 1, 18.3, table 18-1).
struct TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};
static_assert(sizeof(TileConfig) == 64);
static_assert(offsetof(TileConfig, row_bytes) == 16 && offsetof(TileConfig, rows) == 48);

constexpr int kTileRows = 16, kTileBytes = 64;

// Tiles: row_tiles x column_tiles of C (at most 4), then row_tiles of A, then two of B in turn.
// 2 x 2 is bound by multiplication: four loads for four products of 16 cycles. With up to 16 rows
// 1 x 4 reads A once for a whole panel.
class Generator : public Assembler {
 public:
  explicit Generator(const GemmConfig& config)
      : Assembler(config.isa), c_(config), row_tiles_((config.rows + kTileRows - 1) / kTileRows) {
    if (row_tiles_ * c_.vectors > 4) throw Xbyak::Error(Xbyak::ERR_INTERNAL);
  }

  GemmKernel generate() {
    const Gpr stack = gpr();
    {
      const LoopRegs r{gpr(), gpr(), gpr(), gpr(), gpr(), gpr(), gpr(), gpr(), gpr()};
      enter();
      reserve_stack(stack);
      load_args(r);
      ldtilecfg(ptr[rip + whole_]);
      load_c(r);
      k_loop(r);
      if (c_.tail != 0) tail(r);
      store_c(r);
      tilerelease();
    }
    finish_rows();
    mov(rsp, stack);
    leave();
    emit_configs();
    return finish<GemmKernel>(gemm_name(c_));
  }

 private:
  struct LoopRegs {
    Gpr a, a_second, b, lda, ldb, next, steps, c, ldc;
  };

  Tmm c_tile(int row, int column) const { return Tmm(row * c_.vectors + column); }
  Tmm a_tile(int row) const { return Tmm(4 + row); }
  Tmm b_tile(int column) const { return Tmm(4 + row_tiles_ + column % 2); }
  int rows_of(int row_tile) const {
    return row_tile + 1 < row_tiles_ ? kTileRows : c_.rows - row_tile * kTileRows;
  }
  int row_bytes() const { return c_.vectors * kTileBytes; }  // of the sums on the stack

#define ARG(name) ptr[args + static_cast<int>(offsetof(GemmArgs, name))]

  // Sums come out of tiles through memory only.
  void reserve_stack(const Reg64& stack) {
    mov(stack, rsp);
    sub(rsp, c_.rows * row_bytes());
    and_(rsp, -64);
  }

  void load_args(const LoopRegs& r) {
    mov(r.a, ARG(a));
    mov(r.b, ARG(b));
    mov(r.next, ARG(next));
    mov(r.lda, ARG(lda));
    mov(r.ldb, ARG(ldb));
    mov(r.steps, ARG(steps));
    if (row_tiles_ == 1) return;
    mov(r.a_second, r.lda);
    shl(r.a_second, 4);  // 16 rows on
    add(r.a_second, r.a);
  }

  void load_c(const LoopRegs& r) {
    Label from_memory, done;
    mov(r.c, ARG(c_in));
    test(r.c, r.c);
    jnz(from_memory, T_NEAR);
    for (int i = 0; i < row_tiles_ * c_.vectors; ++i) tilezero(Tmm(i));
    jmp(done, T_NEAR);
    L(from_memory);
    mov(r.ldc, ARG(ldc_in));
    move_c(r, [&](const Tmm& tile, const Address& at) { tileloadd(tile, at); });
    L(done);
  }

  // Every tile of C and its place, in rows r.ldc bytes apart from r.c, which moves on.
  template <class Move>
  void move_c(const LoopRegs& r, const Move& move) {
    for (int row = 0; row < row_tiles_; ++row) {
      for (int column = 0; column < c_.vectors; ++column) {
        move(c_tile(row, column), ptr[r.c + r.ldc + column * kTileBytes]);
      }
      if (row + 1 == row_tiles_) break;
      lea(r.c, ptr[r.c + r.ldc * 8]);
      lea(r.c, ptr[r.c + r.ldc * 8]);
    }
  }

  void k_loop(const LoopRegs& r) {
    Label loop, done;
    shr(r.steps, 4);
    jz(done, T_NEAR);
    L(loop);
    multiply(r);
    prefetch(r);
    add(r.a, kTileBytes);
    if (row_tiles_ > 1) add(r.a_second, kTileBytes);
    mov(r.c, r.ldb);
    shl(r.c, 4);
    add(r.b, r.c);
    dec(r.steps);
    jnz(loop, T_NEAR);
    L(done);
  }

  void multiply(const LoopRegs& r) {
    tileloadd(a_tile(0), ptr[r.a + r.lda]);
    if (row_tiles_ > 1) tileloadd(a_tile(1), ptr[r.a_second + r.lda]);
    for (int column = 0; column < c_.vectors; ++column) {
      tileloadd(b_tile(column), ptr[r.b + r.ldb + column * kTileBytes]);
      for (int row = 0; row < row_tiles_; ++row) {
        tdpbf16ps(c_tile(row, column), a_tile(row), b_tile(column));
      }
    }
  }

  void prefetch(const LoopRegs& r) {
    if (c_.prefetch_lines == 0) return;
    for (int step = 0; step < kTileSteps; ++step) {
      for (int line = 0; line < c_.prefetch_lines; ++line) {
        const Address address = ptr[r.next + line * 64];
        c_.prefetch_far != 0 ? prefetcht1(address) : prefetcht0(address);
      }
      add(r.next, r.ldb);
    }
  }

  // Fewer than 16 steps are left: tiles of their own shape. A new configuration clears the tiles,
  // so the sums go through the stack.
  void tail(const LoopRegs& r) {
    store_c(r);
    ldtilecfg(ptr[rip + part_]);
    mov(r.c, rsp);
    move_c(r, [&](const Tmm& tile, const Address& at) { tileloadd(tile, at); });
    multiply(r);
  }

  void store_c(const LoopRegs& r) {
    mov(r.c, rsp);
    mov(r.ldc, row_bytes());
    move_c(r, [&](const Tmm& tile, const Address& at) { tilestored(at, tile); });
  }

  void finish_rows() {
    const Gpr from = gpr(), row = gpr(), c = gpr(), other = gpr(), bias = gpr(), ld = gpr();
    const int other_bytes = element_bytes(c_.epilogue.other), out_bytes = element_bytes(c_.out);
    Label loop;
    mov(from, rsp);
    mov(row, c_.rows);
    mov(c, ARG(c_out));
    mov(other, ARG(other));
    mov(bias, ARG(bias));
    L(loop);
    for (int v = 0; v < c_.vectors; ++v) {
      const Vec x = vec();
      vmovups(x, ptr[from + v * kTileBytes]);
      scale_and_add_bias(x, bias, v);
      emit_finish(*this, c_.epilogue, c_.out, x,
                  {.other = other + v * 16 * other_bytes,
                   .out = c + v * 16 * out_bytes,
                   .beta = args + static_cast<int>(offsetof(GemmArgs, beta))});
    }
    add(from, row_bytes());
    mov(ld, ARG(ldc_out));
    add(c, ld);
    if (c_.epilogue.combine != Combine::kNone) {
      mov(ld, ARG(ldo));
      add(other, ld);
    }
    dec(row);
    jnz(loop, T_NEAR);
  }

  void scale_and_add_bias(const Xbyak::Xmm& x, const Reg64& bias, int v) {
    Label none;
    if (c_.epilogue.scaled != 0) {
      const Vec alpha = vec();
      vbroadcastss(alpha, ARG(alpha));
      vmulps(x, x, alpha);
    }
    test(bias, bias);
    jz(none);
    vaddps(x, x, ptr[bias + v * kTileBytes]);
    L(none);
  }
#undef ARG

  // `steps` of k: all 16, or those of the tail.
  TileConfig config(int steps) const {
    TileConfig t;
    const auto shape = [&](const Tmm& tile, int rows, int bytes) {
      t.rows[tile.getIdx()] = static_cast<uint8_t>(rows);
      t.row_bytes[tile.getIdx()] = static_cast<uint16_t>(bytes);
    };
    for (int row = 0; row < row_tiles_; ++row) {
      for (int column = 0; column < c_.vectors; ++column) {
        shape(c_tile(row, column), rows_of(row), kTileBytes);
      }
      shape(a_tile(row), rows_of(row), steps * 4);
    }
    for (int column = 0; column < 2; ++column) shape(b_tile(column), steps, kTileBytes);
    return t;
  }

  void emit_configs() {
    emit(whole_, config(kTileSteps));
    if (c_.tail != 0) emit(part_, config(c_.tail));
  }
  void emit(Label& label, const TileConfig& t) {
    align(64);
    L(label);
    for (const uint8_t byte : std::bit_cast<std::array<uint8_t, sizeof(TileConfig)>>(t)) db(byte);
  }

  const GemmConfig c_;
  const int row_tiles_;
  Label whole_, part_;
};

GemmKernel generate(const GemmConfig& config) { return Generator(config).generate(); }

}  // namespace

GemmKernel get_gemm_amx(const GemmConfig& config) noexcept {
  static auto* const cache = new CodeCache<GemmConfig, GemmKernel>();
  return cache->get(config, &generate);
}

}  // namespace stoker::jit
