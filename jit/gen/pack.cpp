#include "jit/gen/pack.h"

#include <memory>

#include "jit/assembler.h"
#include "jit/code_cache.h"

namespace stoker::jit {
namespace {

using Xbyak::Address;
using Xbyak::Label;
using Xbyak::Reg64;
using Xbyak::Xmm;
using Xbyak::Ymm;

// What both orders share: arguments, addresses of rows, rounding, stores.
class Packer : public Assembler {
 public:
  PackKernel generate() {
    enter(kTempCount);
    load_args();
    set_constants();
    pack();
    leave();
    return finish<PackKernel>();
  }

 protected:
  explicit Packer(const PackConfig& config) : c_(config) {}
  virtual void pack() = 0;

  static constexpr int kTempCount = 11;
  Reg64 to() const { return temp(0); }
  Reg64 steps() const { return temp(1); }
  Reg64 stride(int times) const { return temp(2 + times / 2); }  // 1, 3, 5, 7 strides: 2 to 5
  Reg64 count() const { return temp(6); }
  Reg64 own(int i) const { return temp(7 + i); }  // of the derived class: 0 to 3

  // Vector registers: 0 to 11 for data, then the constants.
  const Ymm one_ = ymm12, below_half_ = ymm13, nan_ = ymm14, split_ = ymm15;

  bool rounds() const {
    return c_.format == PackFormat::kBf16Pairs && c_.source == PackSource::kF32;
  }
  int element() const { return c_.source == PackSource::kF32 ? 4 : 2; }
  int step_bytes() const { return c_.width * 4; }

  Address field(size_t offset) const { return ptr[args + static_cast<int>(offset)]; }
#define ARG(name) field(offsetof(PackArgs, name))

  // Row 0 to 7 from `base`.
  Address row(const Reg64& base, int i, int displacement) const {
    switch (i) {
      case 0:
        return ptr[base + displacement];
      case 2:
        return ptr[base + stride(1) * 2 + displacement];
      case 4:
        return ptr[base + stride(1) * 4 + displacement];
      case 6:
        return ptr[base + stride(3) * 2 + displacement];
      default:
        return ptr[base + stride(i) + displacement];
    }
  }

  void store(int displacement, const Ymm& x) { store(to(), displacement, x); }
  void store(const Reg64& base, int displacement, const Ymm& x) {
    c_.stream ? vmovntps(ptr[base + displacement], x) : vmovups(ptr[base + displacement], x);
  }

  // fp32 to bf16, left in the upper halves; the lower halves are undefined.
  void round(const Ymm& x, const Ymm& odd, const Ymm& unordered) {
    vcmpunordps(unordered, x, x);
    vpsrld(odd, x, 16);
    vpand(odd, odd, one_);
    vpaddd(x, x, below_half_);
    vpaddd(x, x, odd);
    vblendvps(x, x, nan_, unordered);
  }

 private:
  void load_args() {
    mov(to(), ARG(to));
    mov(steps(), ARG(steps));
    mov(stride(1), ARG(stride));
    lea(stride(3), ptr[stride(1) + stride(1) * 2]);
    lea(stride(5), ptr[stride(1) + stride(1) * 4]);
    lea(stride(7), ptr[stride(3) + stride(1) * 4]);
  }

  void broadcast(const Ymm& x, uint32_t value) {
    mov(count().cvt32(), value);
    vmovd(Xmm(x.getIdx()), count().cvt32());
    vpbroadcastd(x, Xmm(x.getIdx()));
  }

  void set_constants() {
    if (rounds()) {
      broadcast(one_, 1);
      broadcast(below_half_, 0x7FFF);
      broadcast(nan_, 0x7FC00000);
    }
    if (c_.format == PackFormat::kF16Rows) {
      const Xmm low(split_.getIdx());
      mov(count(), 0x0D0C090805040100);  // the even halves of four pairs,
      vmovq(low, count());
      mov(count(), 0x0F0E0B0A07060302);  // then the odd ones
      vpinsrq(low, low, count(), 1);
      vinserti128(split_, split_, low, 1);
    }
  }

 protected:
  const PackConfig c_;
};

// Transposes 32-bit words: fp32, or pairs of 16-bit values, four words of 16 rows at a time. Source
// lines are read whole and at once, for with rows 4 KiB apart the 16 of them share a set of L1.
// What lost on Zen 3 (768x3072 and 4096x4096, cold): 8 rows at a time, 0.3; ordinary stores, 0.6;
// prefetching 256 to 1024 bytes ahead, 0.8 to 1.0; two or four lines a row at once, 0.9.
class AlongK : public Packer {
 public:
  explicit AlongK(const PackConfig& config) : Packer(config) {}

 private:
  int blocks() const { return pack_columns(c_.format, c_.width) / 16; }
  // Bytes of a row that become four words.
  int quad_bytes() const { return rounds() ? 32 : 16; }
  Reg64 from(int eighth) const { return own(eighth); }  // row 8 * eighth

  void pack() override {
    mov(from(0), ARG(from));
    for (int i = 1; i < 2 * blocks(); ++i) lea(from(i), ptr[from(i - 1) + stride(1) * 8]);
    lines();
    rest();
  }

  void lines() {
    const int quads = 64 / quad_bytes();
    Label loop, done;
    L(loop);
    cmp(steps(), quads * kPackQuad);
    jl(done, T_NEAR);
    for (int quad = 0; quad < quads; ++quad) {
      for (int block = 0; block < blocks(); ++block) {
        transpose(block, quad * quad_bytes());
        for (int i = 0; i < kPackQuad; ++i) store_step(block, i, quad * kPackQuad + i);
      }
    }
    advance(quads);
    sub(steps(), quads * kPackQuad);
    jmp(loop, T_NEAR);
    L(done);
  }

  void rest() {
    Label loop, done;
    L(loop);
    test(steps(), steps());
    jle(done, T_NEAR);
    for (int block = 0; block < blocks(); ++block) {
      Label stop;
      mov(count(), steps());
      transpose(block, 0);
      for (int i = 0; i < kPackQuad; ++i) {
        store_step(block, i, i);
        dec(count());
        jz(stop, T_NEAR);
      }
      L(stop);
    }
    advance(1);
    sub(steps(), kPackQuad);
    jmp(loop, T_NEAR);
    L(done);
  }

  void advance(int quads) {
    for (int i = 0; i < 2 * blocks(); ++i) add(from(i), quads * quad_bytes());
    add(to(), quads * kPackQuad * step_bytes());
  }

  Address source(int block, int i, int displacement) const {
    return row(from(2 * block + i / 8), i % 8, displacement);
  }

  // Row i of the block in the lower lane, row j in the upper one.
  void load_two(const Ymm& x, int block, int i, int j, int displacement) {
    vmovups(Xmm(x.getIdx()), source(block, i, displacement));
    vinsertf128(x, x, source(block, j, displacement), 1);
  }

  // Four words of those rows.
  void load_words(const Ymm& x, int block, int i, int j, int displacement) {
    load_two(x, block, i, j, displacement);
    if (!rounds()) return;
    load_two(ymm8, block, i, j, displacement + 16);
    round(x, ymm9, ymm10);
    round(ymm8, ymm9, ymm10);
    vpsrld(x, x, 16);
    vpsrld(ymm8, ymm8, 16);
    vpackusdw(x, x, ymm8);  // 0 to 0xFFFF: never saturates
  }

  // Step s of the 16 columns: registers s and 4 + s.
  void transpose(int block, int displacement) {
    const bool split = c_.format == PackFormat::kF16Rows;
    for (int half = 0; half < 2; ++half) {
      // Columns 0-3|4-7 and 8-11|12-15; to be split 0-3|8-11 and 4-7|12-15.
      const int lower = split ? 4 * half : 8 * half, upper = lower + (split ? 8 : 4);
      const Ymm x0(4 * half), x1(4 * half + 1), x2(4 * half + 2), x3(4 * half + 3);
      int i = 0;
      for (const Ymm& x : {x0, x1, x2, x3}) {
        load_words(x, block, lower + i, upper + i, displacement);
        ++i;
      }
      vunpcklps(ymm8, x0, x1);    // words 0, 1 of rows 0, 1
      vunpckhps(ymm9, x0, x1);    // words 2, 3 of rows 0, 1
      vunpcklps(ymm10, x2, x3);   // words 0, 1 of rows 2, 3
      vunpckhps(ymm11, x2, x3);   // words 2, 3 of rows 2, 3
      vunpcklpd(x0, ymm8, ymm10);
      vunpckhpd(x1, ymm8, ymm10);
      vunpcklpd(x2, ymm9, ymm11);
      vunpckhpd(x3, ymm9, ymm11);
    }
  }

  void store_step(int block, int word, int step) {
    const int at = step * step_bytes();
    const Ymm a(word), b(4 + word);
    if (c_.format != PackFormat::kF16Rows) {
      store(at, a);
      store(at + 32, b);
      return;
    }
    vpshufb(a, a, split_);         // columns 0-3 even, odd | 8-11 even, odd
    vpshufb(b, b, split_);         // columns 4-7 even, odd | 12-15 even, odd
    vpunpcklqdq(ymm8, a, b);       // even, 0 to 15
    vpunpckhqdq(ymm9, a, b);       // odd, 0 to 15
    store(at + block * 32, ymm8);
    store(at + c_.width * 2 + block * 32, ymm9);
  }
};

// Copies pieces of eight rows into one panel after the other: what lies side by side is read side
// by side, and each panel gets a few lines at a time.
class AlongN : public Packer {
 public:
  explicit AlongN(const PackConfig& config) : Packer(config) {}

 private:
  static constexpr int kRows = 8;
  Reg64 from() const { return own(0); }
  Reg64 panel_from() const { return own(1); }
  Reg64 panel_to() const { return own(2); }
  Reg64 panel_bytes() const { return own(3); }
  int step_rows() const { return pack_step(c_.format); }

  void pack() override {
    mov(from(), ARG(from));
    mov(panel_bytes(), ARG(panel_bytes));
    rows_loop(kRows / step_rows());
    rows_loop(1);
  }

  // As long as there are `batch` steps.
  void rows_loop(int batch) {
    Label loop, panel, done;
    L(loop);
    cmp(steps(), batch);
    jl(done, T_NEAR);
    mov(panel_from(), from());
    mov(panel_to(), to());
    mov(count(), ARG(panels));
    L(panel);
    for (int step = 0; step < batch; ++step) pack_step_of_panel(step);
    add(panel_from(), c_.width * element());
    add(panel_to(), panel_bytes());
    dec(count());
    jnz(panel, T_NEAR);
    lea(from(), row_after(batch * step_rows()));
    add(to(), batch * step_bytes());
    sub(steps(), batch);
    jmp(loop, T_NEAR);
    L(done);
  }

  Address row_after(int rows) const {
    return rows == kRows ? ptr[from() + stride(1) * 8] : row(from(), rows, 0);
  }

  void pack_step_of_panel(int step) {
    if (c_.format != PackFormat::kBf16Pairs) {
      for (int i = 0; i < step_rows(); ++i) copy(step * step_rows() + i);
    } else {
      rounds() ? round_pairs(step) : interleave(step);
    }
  }

  Address at(int row_number, int displacement) const {
    return row(panel_from(), row_number, displacement);
  }

  void copy(int row_number) {
    const int bytes = c_.width * element();
    for (int i = 0; i < bytes; i += 32) {
      const Ymm x(i / 32 % 8);
      vmovups(x, at(row_number, i));
      store(panel_to(), row_number * bytes + i, x);
    }
  }

  void interleave(int step) {
    constexpr int kMiddleSwapped = 0xD8;  // quarters 0, 2, 1, 3: unpacking works within lanes
    for (int i = 0; i < c_.width; i += 16) {
      vpermq(ymm0, at(2 * step, i * 2), kMiddleSwapped);
      vpermq(ymm1, at(2 * step + 1, i * 2), kMiddleSwapped);
      vpunpcklwd(ymm2, ymm0, ymm1);  // columns 0 to 7
      vpunpckhwd(ymm3, ymm0, ymm1);  // columns 8 to 15
      store(panel_to(), step * step_bytes() + i * 4, ymm2);
      store(panel_to(), step * step_bytes() + i * 4 + 32, ymm3);
    }
  }

  void round_pairs(int step) {
    constexpr int kOddHalves = 0xAA;
    for (int i = 0; i < c_.width; i += 8) {
      vmovups(ymm0, at(2 * step, i * 4));
      vmovups(ymm1, at(2 * step + 1, i * 4));
      round(ymm0, ymm2, ymm3);
      round(ymm1, ymm4, ymm5);
      vpsrld(ymm0, ymm0, 16);
      vpblendw(ymm0, ymm0, ymm1, kOddHalves);
      store(panel_to(), step * step_bytes() + i * 4, ymm0);
    }
  }
};
#undef ARG

bool exists(const PackConfig& c) {
  const bool f32 = c.source == PackSource::kF32;
  const bool known = c.format == PackFormat::kBf16Pairs || f32 == (c.format == PackFormat::kF32);
  return known && (c.width == 16 || c.width == 64);
}

template <class Generator>
PackKernel generate_by(const PackConfig& config) {
  auto generator = std::make_unique<Generator>(config);
  const PackKernel kernel = generator->generate();
  generator.release();  // it owns the code: kept for good
  return kernel;
}

PackKernel generate(const PackConfig& config) {
  if (!exists(config)) throw Xbyak::Error(Xbyak::ERR_BAD_PARAMETER);
  return config.order == PackOrder::kAlongK ? generate_by<AlongK>(config)
                                            : generate_by<AlongN>(config);
}

}  // namespace

PackKernel get_pack(const PackConfig& config) noexcept {
  static auto* const cache = new CodeCache<PackConfig, PackKernel>();
  return cache->get(config, &generate);
}

}  // namespace stoker::jit
