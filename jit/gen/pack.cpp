#include "jit/gen/pack.h"

#include <string>

#include "jit/assembler.h"
#include "jit/code_cache.h"
#include "jit/phases/convert.h"

namespace stoker::jit {
namespace {

using Xbyak::Address;
using Xbyak::Label;
using Xbyak::Reg64;
using Xbyak::Xmm;

std::string name_of(const PackConfig& c) {
  static const char* const kFormats[] = {"f32", "bf16_pairs", "f16_rows"};
  return std::string("pack_") + kFormats[static_cast<int>(c.format)] +
         (c.source == PackSource::kF32 ? "_from_f32" : "_from_16bit") +
         (c.order == PackOrder::kAlongK ? "_along_k" : "_along_n") + std::to_string(c.width) +
         (c.stream ? "_stream" : "");
}

// What both orders share: arguments, addresses of rows, stores.
class Packer : public Assembler {
 public:
  explicit Packer(const PackConfig& config) : Assembler(Isa::kAvx2), c_(config) {}
  virtual ~Packer() = default;

  PackKernel generate() {
    enter();
    load_args();
    pack();
    return finish<PackKernel>(name_of(c_));
  }

 protected:
  virtual void pack() = 0;  // all but entering, and what lies behind the code

  bool rounds() const {
    return c_.format == PackFormat::kBf16Pairs && c_.source == PackSource::kF32;
  }
  int element() const { return c_.source == PackSource::kF32 ? 4 : 2; }
  int step_bytes() const { return c_.width * 4; }

  // Row 0 to 7 from `base`.
  Address row(const Reg64& base, int i, int displacement) const {
    switch (i) {
      case 0:
        return ptr[base + displacement];
      case 1:
        return ptr[base + stride_ + displacement];
      case 2:
        return ptr[base + stride_ * 2 + displacement];
      case 3:
        return ptr[base + stride3_ + displacement];
      case 4:
        return ptr[base + stride_ * 4 + displacement];
      case 5:
        return ptr[base + stride5_ + displacement];
      case 6:
        return ptr[base + stride3_ * 2 + displacement];
      default:
        return ptr[base + stride7_ + displacement];
    }
  }

  void store(const Reg64& base, int displacement, const Xmm& x) {
    c_.stream ? vmovntps(ptr[base + displacement], x) : vmovups(ptr[base + displacement], x);
  }

  const PackConfig c_;
  const Gpr to_ = gpr(), steps_ = gpr(), count_ = gpr();
  const Gpr stride_ = gpr(), stride3_ = gpr(), stride5_ = gpr(), stride7_ = gpr();

 private:
  void load_args() {
    mov(to_, ptr[args + offsetof(PackArgs, to)]);
    mov(steps_, ptr[args + offsetof(PackArgs, steps)]);
    mov(stride_, ptr[args + offsetof(PackArgs, stride)]);
    lea(stride3_, ptr[stride_ + stride_ * 2]);
    lea(stride5_, ptr[stride_ + stride_ * 4]);
    lea(stride7_, ptr[stride3_ + stride_ * 4]);
  }
};

// Transposes 32-bit words: fp32, or pairs of 16-bit values, four words of 16 rows at a time. Source
// lines are read whole and at once, for with rows 4 KiB apart the 16 of them share a set of L1.
// What lost on Zen 3 (768x3072 and 4096x4096, cold): 8 rows at a time, 0.3; ordinary stores, 0.6;
// prefetching 256 to 1024 bytes ahead, 0.8 to 1.0; two or four lines a row at once, 0.9.
class AlongK : public Packer {
 public:
  explicit AlongK(const PackConfig& config) : Packer(config) {
    for (int i = 0; i < 2 * blocks(); ++i) from_.push_back(gpr());
  }

 private:
  int blocks() const { return pack_columns(c_.format, c_.width) / 16; }
  // Of a row of the source.
  int source_bytes(int steps) const { return steps * (rounds() ? 8 : 4); }
  int line_steps() const { return rounds() ? 8 : 16; }  // in 64 bytes of it

  void pack() override {
    mov(from_[0], ptr[args + offsetof(PackArgs, from)]);
    for (size_t i = 1; i < from_.size(); ++i) lea(from_[i], ptr[from_[i - 1] + stride_ * 8]);
    const int waiting = blocks() == 2 ? line_steps() * 64 : 0;
    if (waiting > 0) sub(rsp, waiting);
    lines();
    rest();
    if (waiting > 0) add(rsp, waiting);
    leave();
    write_pattern();
  }

  void lines() {
    Label loop, done;
    L(loop);
    cmp(steps_, line_steps());
    jl(done, T_NEAR);
    blocks() == 1 ? whole_lines() : whole_lines_of_two();
    advance(line_steps());
    sub(steps_, line_steps());
    jmp(loop, T_NEAR);
    L(done);
  }

  void whole_lines() {
    for (int step = 0; step < line_steps(); step += kPackQuad) {
      const std::vector<Vec> words = transpose(0, source_bytes(step));
      for (int i = 0; i < kPackQuad; ++i) store_step(0, words[i], words[4 + i], step + i);
    }
  }

  // Two blocks share the lines of the panel. The first one waits on the stack: half lines,
  // completed by the second block, ran at 0.35 of the speed (Zen 3).
  void whole_lines_of_two() {
    for (int step = 0; step < line_steps(); step += kPackQuad) {
      const std::vector<Vec> words = transpose(0, source_bytes(step));
      for (int i = 0; i < kPackQuad; ++i) {
        const Vec even = vec(), odd = vec();
        split(words[i], words[4 + i], even, odd);
        vmovups(ptr[rsp + (step + i) * 64], even);
        vmovups(ptr[rsp + (step + i) * 64 + 32], odd);
      }
    }
    for (int step = 0; step < line_steps(); step += kPackQuad) {
      const std::vector<Vec> words = transpose(1, source_bytes(step));
      for (int i = 0; i < kPackQuad; ++i) {
        const Vec even = vec(), odd = vec();
        split(words[i], words[4 + i], even, odd);
        store_after(rsp, (step + i) * 64, even, (step + i) * step_bytes());
        store_after(rsp, (step + i) * 64 + 32, odd, (step + i) * step_bytes() + c_.width * 2);
      }
    }
  }

  // A line of the panel: 32 bytes from memory, then x.
  void store_after(const Reg64& base, int displacement, const Xmm& x, int at) {
    const Vec first = vec();
    vmovups(first, ptr[base + displacement]);
    store(to_, at, first);
    store(to_, at + 32, x);
  }

  // Fours of steps, the last of them perhaps not whole.
  void rest() {
    Label loop, done;
    L(loop);
    test(steps_, steps_);
    jle(done, T_NEAR);
    for (int block = 0; block < blocks(); ++block) {
      Label stop;
      mov(count_, steps_);
      const std::vector<Vec> words = transpose(block, 0);
      for (int i = 0; i < kPackQuad; ++i) {
        store_step(block, words[i], words[4 + i], i);
        dec(count_);
        jz(stop, T_NEAR);
      }
      L(stop);
    }
    advance(kPackQuad);
    sub(steps_, kPackQuad);
    jmp(loop, T_NEAR);
    L(done);
  }

  void advance(int steps) {
    for (const Gpr& from : from_) add(from, source_bytes(steps));
    add(to_, steps * step_bytes());
  }

  Address source(int block, int i, int displacement) const {
    return row(from_[2 * block + i / 8], i % 8, displacement);
  }

  // Row i of the block in the lower lane, row j in the upper one.
  void load_two(const Xmm& x, int block, int i, int j, int displacement) {
    vmovups(xmm_of(x), source(block, i, displacement));
    vinsertf128(ymm_of(x), ymm_of(x), source(block, j, displacement), 1);
  }

  // Four words of those rows.
  void load_words(const Xmm& x, int block, int i, int j, int displacement) {
    load_two(x, block, i, j, displacement);
    if (!rounds()) return;
    const Vec next = vec();
    load_two(next, block, i, j, displacement + 16);
    emit_round_to_bf16(*this, x);
    emit_round_to_bf16(*this, next);
    vpackusdw(x, x, next);  // 0 to 0xFFFF: never saturates
  }

  // Four words of the 16 columns: word s in registers s and 4 + s.
  std::vector<Vec> transpose(int block, int displacement) {
    const bool to_be_split = c_.format == PackFormat::kF16Rows;
    std::vector<Vec> words = vecs(8);
    for (int half = 0; half < 2; ++half) {
      // Columns 0-3|4-7 and 8-11|12-15; to be split 0-3|8-11 and 4-7|12-15.
      const int lower = to_be_split ? 4 * half : 8 * half;
      const int upper = lower + (to_be_split ? 8 : 4);
      const Vec* const x = &words[4 * half];
      for (int i = 0; i < 4; ++i) load_words(x[i], block, lower + i, upper + i, displacement);
      const Vec low01 = vec(), high01 = vec(), low23 = vec(), high23 = vec();
      vunpcklps(low01, x[0], x[1]);   // words 0, 1 of rows 0, 1
      vunpckhps(high01, x[0], x[1]);  // words 2, 3 of rows 0, 1
      vunpcklps(low23, x[2], x[3]);
      vunpckhps(high23, x[2], x[3]);
      vunpcklpd(x[0], low01, low23);
      vunpckhpd(x[1], low01, low23);
      vunpcklpd(x[2], high01, high23);
      vunpckhpd(x[3], high01, high23);
    }
    return words;
  }

  void store_step(int block, const Xmm& a, const Xmm& b, int step) {
    const int at = step * step_bytes();
    if (c_.format != PackFormat::kF16Rows) {
      store(to_, at + block * 64, a);
      store(to_, at + block * 64 + 32, b);
      return;
    }
    const Vec even = vec(), odd = vec();
    split(a, b, even, odd);
    store(to_, at + block * 32, even);
    store(to_, at + c_.width * 2 + block * 32, odd);
  }

  // Pairs of 16 columns to the even and the odd halves; a and b are lost.
  void split(const Xmm& a, const Xmm& b, const Xmm& even, const Xmm& odd) {
    vpshufb(a, a, ptr[rip + pattern_]);  // columns 0-3 even, odd | 8-11 even, odd
    vpshufb(b, b, ptr[rip + pattern_]);  // columns 4-7 even, odd | 12-15 even, odd
    vpunpcklqdq(even, a, b);             // 0 to 15
    vpunpckhqdq(odd, a, b);
  }

  // The even halves of four pairs, then the odd ones.
  void write_pattern() {
    align(32);
    L(pattern_);
    for (int lane = 0; lane < 2; ++lane) {
      dq(0x0D0C090805040100);
      dq(0x0F0E0B0A07060302);
    }
  }

  std::vector<Gpr> from_;  // rows 0, 8, 16, 24
  Label pattern_;
};

// Copies pieces of eight rows into one panel after the other: what lies side by side is read side
// by side, and each panel gets a few lines at a time.
class AlongN : public Packer {
 public:
  explicit AlongN(const PackConfig& config) : Packer(config) {}

 private:
  static constexpr int kRows = 8;
  int step_rows() const { return pack_step(c_.format); }

  void pack() override {
    mov(from_, ptr[args + offsetof(PackArgs, from)]);
    mov(panel_bytes_, ptr[args + offsetof(PackArgs, panel_bytes)]);
    rows_loop(kRows / step_rows());
    rows_loop(1);
    leave();
  }

  // As long as there are `batch` steps.
  void rows_loop(int batch) {
    Label loop, panel, done;
    L(loop);
    cmp(steps_, batch);
    jl(done, T_NEAR);
    mov(panel_from_, from_);
    mov(panel_to_, to_);
    mov(count_, ptr[args + offsetof(PackArgs, panels)]);
    L(panel);
    if (batch > 1 && c_.format != PackFormat::kF32) prefetch_next_rows();
    for (int step = 0; step < batch; ++step) pack_step_of_panel(step);
    add(panel_from_, c_.width * element());
    add(panel_to_, panel_bytes_);
    dec(count_);
    jnz(panel, T_NEAR);
    lea(from_, row_after(batch * step_rows()));
    add(to_, batch * step_bytes());
    sub(steps_, batch);
    jmp(loop, T_NEAR);
    L(done);
  }

  // The next eight rows of this panel's columns, into L2. Without it rows of 1.5 KB cost 16-bit
  // panels a fifth of the speed, longer ones a tenth (Zen 3); fp32 panels, which are a bare copy,
  // lose a tenth by it. Into L1, as good; 256 or 1024 bytes ahead in the row, no gain.
  void prefetch_next_rows() {
    lea(next_, ptr[panel_from_ + stride_ * 8]);
    for (int i = 0; i < kRows; ++i) {
      for (int byte = 0; byte < c_.width * element(); byte += 64) prefetcht1(row(next_, i, byte));
    }
  }

  Address row_after(int rows) const {
    return rows == kRows ? ptr[from_ + stride_ * 8] : row(from_, rows, 0);
  }

  void pack_step_of_panel(int step) {
    if (c_.format != PackFormat::kBf16Pairs) {
      for (int i = 0; i < step_rows(); ++i) copy(step * step_rows() + i);
    } else {
      rounds() ? round_pairs(step) : interleave(step);
    }
  }

  Address at(int row_number, int displacement) const {
    return row(panel_from_, row_number, displacement);
  }

  void copy(int row_number) {
    const int bytes = c_.width * element();
    for (int i = 0; i < bytes; i += 32) {
      const Vec x = vec();
      vmovups(x, at(row_number, i));
      store(panel_to_, row_number * bytes + i, x);
    }
  }

  void interleave(int step) {
    constexpr int kMiddleSwapped = 0xD8;  // quarters 0, 2, 1, 3: unpacking works within lanes
    const Vec even = vec(), odd = vec(), low = vec(), high = vec();
    for (int i = 0; i < c_.width; i += 16) {
      vpermq(ymm_of(even), at(2 * step, i * 2), kMiddleSwapped);
      vpermq(ymm_of(odd), at(2 * step + 1, i * 2), kMiddleSwapped);
      vpunpcklwd(low, even, odd);   // columns 0 to 7
      vpunpckhwd(high, even, odd);  // columns 8 to 15
      store(panel_to_, step * step_bytes() + i * 4, low);
      store(panel_to_, step * step_bytes() + i * 4 + 32, high);
    }
  }

  void round_pairs(int step) {
    const Vec even = vec(), odd = vec();
    for (int i = 0; i < c_.width; i += 8) {
      vmovups(even, at(2 * step, i * 4));
      vmovups(odd, at(2 * step + 1, i * 4));
      emit_round_to_bf16(*this, even);
      emit_round_to_bf16(*this, odd);
      vpslld(odd, odd, 16);
      vpor(even, even, odd);
      store(panel_to_, step * step_bytes() + i * 4, even);
    }
  }

  const Gpr from_ = gpr(), panel_from_ = gpr(), panel_to_ = gpr(), panel_bytes_ = gpr();
  const Gpr next_ = gpr();
};

bool exists(const PackConfig& c) {
  const bool f32 = c.source == PackSource::kF32;
  const bool known = c.format == PackFormat::kBf16Pairs || f32 == (c.format == PackFormat::kF32);
  // A panel of recurrent gates has a width of its own.
  const bool gates = c.format != PackFormat::kF16Rows && (c.width == 32 || c.width == 48);
  return known && (c.width == 16 || c.width == 64 || gates);
}

PackKernel generate(const PackConfig& config) {
  if (!exists(config)) throw Xbyak::Error(Xbyak::ERR_BAD_PARAMETER);
  return config.order == PackOrder::kAlongK ? AlongK(config).generate() : AlongN(config).generate();
}

}  // namespace

PackKernel get_pack(const PackConfig& config) noexcept {
  static auto* const cache = new CodeCache<PackConfig, PackKernel>();
  return cache->get(config, &generate);
}

}  // namespace stoker::jit
