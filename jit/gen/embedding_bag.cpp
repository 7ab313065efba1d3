#include "jit/gen/embedding_bag.h"

#include <string>
#include <vector>

#include "jit/assembler.h"
#include "jit/code_cache.h"
#include "jit/phases/convert.h"

namespace stoker::jit {
namespace {

using Xbyak::Label;
using Xbyak::Reg64;
using Xbyak::RegExp;
using Xbyak::Xmm;

constexpr int kGreater = 0x1E;  // ordered, quiet: false where either is NaN
constexpr int kLine = 64;

class Generator : public Assembler {
 public:
  explicit Generator(const BagConfig& config)
      : Assembler(config.lanes == 16 ? Isa::kAvx512 : Isa::kAvx2),
        c_(config),
        bytes_(element_bytes(config.element)),
        vectors_((config.columns + config.lanes - 1) / config.lanes),
        table_(gpr()),
        cursor_(gpr()),
        last_(gpr()),
        row_(gpr()),
        used_(gpr()),
        next_(gpr()),
        offsets_(gpr()),
        out_(gpr()),
        bags_(gpr()),
        scales_(gpr()),
        sums_(vecs(vectors_)),
        winners_(vecs(config.indexed ? vectors_ : 0)) {}

  BagKernel generate() {
    Label bad, done;
    enter();
    start();
    bags(bad);
    mov(qword[args + offsetof(BagArgs, valid)], 1);
    jmp(done, T_NEAR);
    L(bad);
    mov(qword[args + offsetof(BagArgs, valid)], 0);
    L(done);
    leave();
    return finish<BagKernel>(name());
  }

 private:
  std::string name() const {
    static constexpr const char* kModes[] = {"sum", "mean", "max"};
    static constexpr const char* kElements[] = {"f32", "bf16", "f16"};
    return std::string("bag_") + kModes[static_cast<int>(c_.mode)] + "_" +
           kElements[static_cast<int>(c_.element)] + "_" + std::to_string(c_.columns) + "by" +
           std::to_string(c_.lanes) + "_i" + std::to_string(8 * c_.index_bytes) +
           (c_.scaled ? "_scaled" : "") + (c_.padded ? "_padded" : "") +
           (c_.counted ? "_counted" : "") + (c_.indexed ? "_indexed" : "") + "_ahead" +
           std::to_string(c_.ahead);
  }

  void start() {
    mov(table_, ptr[args + offsetof(BagArgs, table)]);
    mov(offsets_, ptr[args + offsetof(BagArgs, offsets)]);
    mov(out_, ptr[args + offsetof(BagArgs, out)]);
    mov(bags_, ptr[args + offsetof(BagArgs, bags)]);
    if (c_.scaled) mov(scales_, ptr[args + offsetof(BagArgs, scales)]);
    load_index(row_, offsets_);
    mov(cursor_, ptr[args + offsetof(BagArgs, indices)]);
    if (c_.scaled) lea(scales_, ptr[scales_ + row_ * 4]);
    lea(cursor_, ptr[cursor_ + row_ * c_.index_bytes]);
  }

  // The loop over bags is in here, not around the kernel: with few instructions between them the
  // core has the rows of several short bags under way at once. A call for each bag of one row of
  // 256 bytes took 1.8 times as long (Zen 3, table in pages of 4 KB, whose misses a prefetch does
  // not wait for).
  void bags(const Label& bad) {
    Label loop, finished;
    L(loop);
    add(offsets_, c_.index_bytes);
    load_index(last_, offsets_);
    mov(next_, ptr[args + offsetof(BagArgs, indices)]);
    lea(last_, ptr[next_ + last_ * c_.index_bytes]);
    xor_(used_.cvt32(), used_.cvt32());
    for (const Vec& sum : sums_) vxorps(sum, sum, sum);
    for (const Vec& winner : winners_) vxorps(winner, winner, winner);
    cmp(cursor_, last_);
    jae(finished, T_NEAR);
    if (c_.mode == BagMode::kMax) walk(/*first=*/true, finished, bad);
    walk(/*first=*/false, finished, bad);
    L(finished);
    if (c_.mode == BagMode::kMean) divide();
    store();
    if (c_.counted) count();
    dec(bags_);
    jnz(loop, T_NEAR);
  }

  void count() {
    mov(row_, ptr[args + offsetof(BagArgs, sizes)]);
    c_.index_bytes == 8 ? mov(qword[row_], used_) : mov(dword[row_], used_.cvt32());
    add(qword[args + offsetof(BagArgs, sizes)], c_.index_bytes);
  }

  // Over the indices from the cursor on; `first` ends after one row.
  void walk(bool first, const Label& finished, const Label& bad) {
    Label loop, skip;
    L(loop);
    load_index(row_, cursor_);
    cmp(row_, ptr[args + offsetof(BagArgs, rows)]);
    jae(bad, T_NEAR);  // unsigned: negative ones too
    if (c_.padded) {
      cmp(row_, ptr[args + offsetof(BagArgs, padding)]);
      je(skip, T_NEAR);
    }
    take_row(first);
    inc(used_);
    if (first) {
      Label rest;
      advance();
      cmp(cursor_, last_);
      jb(rest, T_NEAR);
      jmp(finished, T_NEAR);
      L(skip);
      advance();
      cmp(cursor_, last_);
      jb(loop, T_NEAR);
      jmp(finished, T_NEAR);
      L(rest);
      return;
    }
    L(skip);
    advance();
    cmp(cursor_, last_);
    jb(loop, T_NEAR);
  }

  void advance() {
    add(cursor_, c_.index_bytes);
    if (c_.scaled) add(scales_, 4);
  }

  void load_index(const Reg64& to, const Reg64& from) {
    if (c_.index_bytes == 8) {
      mov(to, ptr[from]);
    } else {
      movsxd(to, dword[from]);
    }
  }

  // One row joins the sums, or is the first of a maximum; row_ is its index, and lost.
  void take_row(bool first) {
    find_next();
    if (c_.mode == BagMode::kMax) {
      const Vec index = vec();
      vmovd(xmm_of(index), row_.cvt32());
      vpbroadcastd(index, xmm_of(index));
      locate(row_);
      for (int i = 0; i < vectors_; ++i) {
        prefetch(i);
        first ? begin_maximum(i, index) : maximum(i, index);
      }
      return;
    }
    locate(row_);
    if (!c_.scaled) {
      for (int i = 0; i < vectors_; ++i) {
        prefetch(i);
        add_row(i);
      }
      return;
    }
    const Vec scale = vec();
    vbroadcastss(scale, ptr[scales_]);
    for (int i = 0; i < vectors_; ++i) {
      prefetch(i);
      const Vec value = vec();
      load(value, i);
      vfmadd231ps(sums_[i], value, scale);
    }
  }

  void locate(const Reg64& index) {
    imul(index, ptr[args + offsetof(BagArgs, row_bytes)]);
    add(index, table_);
  }

  void add_row(int i) {
    if (c_.element == Element::kF32 && c_.lanes >= 8) {
      vaddps(sums_[i], sums_[i], ptr[row_ + offset(i)]);
      return;
    }
    const Vec value = vec();
    load(value, i);
    vaddps(sums_[i], sums_[i], value);
  }

  void begin_maximum(int i, const Xmm& index) {
    load(sums_[i], i);
    if (c_.indexed) vmovups(winners_[i], index);
  }

  void maximum(int i, const Xmm& index) {
    const Vec value = vec();
    load(value, i);
    if (zmm()) {
      vcmpps(k1, value, sums_[i], kGreater);
      vmovups(Xmm(sums_[i]) | k1, value);
      if (c_.indexed) vmovups(Xmm(winners_[i]) | k1, index);
      return;
    }
    const Vec greater = vec();
    vcmpps(greater, value, sums_[i], kGreater);
    vblendvps(sums_[i], sums_[i], value, greater);
    if (c_.indexed) vblendvps(winners_[i], winners_[i], index, greater);
  }

  // next_ <- the row `ahead` indices on. A prefetch of a wrong index's address is harmless; reading
  // an index after the last is not.
  void find_next() {
    if (c_.ahead == 0) return;
    lea(next_, ptr[cursor_ + c_.ahead * c_.index_bytes]);
    cmp(next_, ptr[args + offsetof(BagArgs, end)]);
    cmovae(next_, cursor_);
    load_index(next_, next_);
    locate(next_);
  }

  // The lines of the next row that vector `i` begins; between the additions, not all at once: they
  // wait for the same buffers as loads.
  void prefetch(int i) {
    if (c_.ahead == 0) return;
    const int block = c_.columns * bytes_;
    const int to = i + 1 < vectors_ ? (i + 1) * c_.lanes * bytes_ : block;
    int at = (i * c_.lanes * bytes_ + kLine - 1) / kLine * kLine;
    for (; at < to; at += kLine) prefetcht0(ptr[next_ + at]);
    // A block that does not start with a line ends in one more.
    if (i + 1 == vectors_ && block % kLine != 0) prefetcht0(ptr[next_ + block - 1]);
  }

  // The last vector ends with the block.
  int column(int i) const { return i + 1 < vectors_ ? i * c_.lanes : c_.columns - c_.lanes; }
  int offset(int i) const { return column(i) * bytes_; }

  void load(const Xmm& to, int i) {
    const RegExp from = row_ + offset(i);
    if (c_.lanes >= 8) {
      emit_load(*this, c_.element, to, from);
    } else if (c_.lanes == 4) {
      emit_load(*this, c_.element, xmm_of(to), from);
    } else if (c_.element == Element::kF32) {
      vmovss(xmm_of(to), ptr[from]);
    } else {
      vpxor(xmm_of(to), xmm_of(to), xmm_of(to));
      vpinsrw(xmm_of(to), xmm_of(to), ptr[from], c_.element == Element::kBf16 ? 1 : 0);
      if (c_.element == Element::kF16) vcvtph2ps(xmm_of(to), xmm_of(to));
    }
  }

  void divide() {
    const Vec count = vec();
    mov(next_.cvt32(), 1);
    cmp(used_, next_);
    cmovg(next_, used_);
    vmovd(xmm_of(count), next_.cvt32());
    vpbroadcastd(count, xmm_of(count));
    vcvtdq2ps(count, count);
    for (const Vec& sum : sums_) vdivps(sum, sum, count);
  }

  void store() {
    for (int i = 0; i < vectors_; ++i) {
      const RegExp to = out_ + offset(i);
      c_.lanes >= 8 ? emit_store(*this, c_.element, to, sums_[i]) : store_few(to, sums_[i]);
    }
    add(out_, ptr[args + offsetof(BagArgs, out_bytes)]);
    if (!c_.indexed) return;
    mov(row_, ptr[args + offsetof(BagArgs, max_indices)]);
    for (int i = 0; i < vectors_; ++i) {
      store_winners(row_ + column(i) * c_.index_bytes, winners_[i]);
    }
    add(row_, ptr[args + offsetof(BagArgs, max_bytes)]);
    mov(ptr[args + offsetof(BagArgs, max_indices)], row_);
  }

  // 4 lanes or 1, of a ymm.
  void store_few(const RegExp& to, const Xmm& x) {
    const Xmm low = xmm_of(x);
    const bool one = c_.lanes == 1;
    if (c_.element == Element::kF32) {
      one ? vmovss(ptr[to], low) : vmovups(ptr[to], low);
      return;
    }
    if (c_.element == Element::kF16) {
      vcvtps2ph(low, low, 0);
    } else {
      emit_round_to_bf16(*this, x);
      vpackusdw(low, low, low);
    }
    one ? vpextrw(ptr[to], low, 0) : vmovq(ptr[to], low);
  }

  void store_winners(const RegExp& to, const Xmm& x) {
    if (c_.lanes == 1) {
      vmovd(next_.cvt32(), xmm_of(x));
      c_.index_bytes == 8 ? mov(qword[to], next_) : mov(dword[to], next_.cvt32());
    } else if (c_.index_bytes == 4) {
      c_.lanes == 4 ? vmovups(ptr[to], xmm_of(x)) : vmovups(ptr[to], x);
    } else if (c_.lanes == 4) {
      vpmovsxdq(ymm_of(x), xmm_of(x));
      vmovups(ptr[to], ymm_of(x));
    } else {
      const Vec high = vec();
      if (zmm()) {
        vextracti64x4(ymm_of(high), Xbyak::Zmm(x.getIdx()), 1);
        vpmovsxdq(high, ymm_of(high));
        vpmovsxdq(x, ymm_of(x));
      } else {
        vextracti128(xmm_of(high), ymm_of(x), 1);
        vpmovsxdq(high, xmm_of(high));
        vpmovsxdq(x, xmm_of(x));
      }
      vmovups(ptr[to], x);
      vmovups(ptr[to + vector_bytes()], high);
    }
  }

  const BagConfig c_;
  const int bytes_, vectors_;
  const Gpr table_, cursor_, last_, row_, used_, next_, offsets_, out_, bags_, scales_;
  const std::vector<Vec> sums_, winners_;
};

BagKernel generate(const BagConfig& config) { return Generator(config).generate(); }

}  // namespace

BagKernel get_bag(const BagConfig& config) noexcept {
  static auto* const cache = new CodeCache<BagConfig, BagKernel>();
  return cache->get(config, &generate);
}

}  // namespace stoker::jit
