#include "jit/gen/norm.h"

#include <cstddef>
#include <vector>

#include "jit/assembler.h"
#include "jit/code_cache.h"
#include "jit/phases/convert.h"

namespace stoker::jit {
namespace {

using Xbyak::Address;
using Xbyak::Label;
using Xbyak::Reg64;
using Xbyak::RegExp;
using Xbyak::Xmm;

// Budget of vector registers: five partial sums, mean and factor, and up to four temporaries of a
// conversion: 11 of 16.
class Generator : public Assembler {
 public:
  explicit Generator(const NormConfig& config) : Assembler(config.isa), c_(config) {}

  NormKernel generate() {
    enter();
    load_args();
    Label row;
    align(32);
    L(row);
    {
      const Vec mean = vec(), factor = vec();
      if (c_.kind == NormKind::kLayer) {
        average(mean, [&](const Xmm& total, Place at) { add_value(total, at); });
        average(factor, [&](const Xmm& total, Place at) { add_deviation(total, at, mean); });
      } else {
        average(factor, [&](const Xmm& total, Place at) { add_square(total, at); });
      }
      invert_root(factor);
      walk([&](Place at) { normalize(at, mean, factor); });
    }
    next_row();
    jnz(row, T_NEAR);
    leave();
    return finish<NormKernel>(norm_name(c_));
  }

 private:
  static constexpr int kUnroll = 4;

  // Where in the row, behind at_: a vector of elements, or one.
  struct Place {
    int lanes, offset;
  };

  Address field(size_t offset) const { return ptr[args + static_cast<int>(offset)]; }

  int lanes() const { return vector_bytes() / 4; }

  void load_args() {
    mov(x_, field(offsetof(NormArgs, x)));
    mov(out_, field(offsetof(NormArgs, out)));
    mov(rows_, field(offsetof(NormArgs, rows)));
    if (c_.adds != 0) mov(other_, field(offsetof(NormArgs, other)));
    if (c_.adds != 0) mov(sum_, field(offsetof(NormArgs, sum)));
    if (c_.weighted != 0) mov(weight_, field(offsetof(NormArgs, weight)));
    if (c_.biased != 0) mov(bias_, field(offsetof(NormArgs, bias)));
  }

  // A row ends with at_ = columns.
  void next_row() {
    const int bytes = element_bytes(c_.element);
    lea(x_, ptr[x_ + at_ * bytes]);
    lea(out_, ptr[out_ + at_ * bytes]);
    if (c_.adds != 0) lea(other_, ptr[other_ + at_ * bytes]);
    if (c_.adds != 0) lea(sum_, ptr[sum_ + at_ * bytes]);
    dec(rows_);
  }

  // body(place) for every place of the row.
  template <class Body>
  void walk(const Body& body) {
    xor_(at_, at_);
    mov(left_, field(offsetof(NormArgs, columns)));
    stretch(kUnroll, lanes(), body);
    stretch(1, lanes(), body);
    stretch(1, 1, body);
  }

  // As long as `pieces` vectors, or elements, are left.
  template <class Body>
  void stretch(int pieces, int lanes, const Body& body) {
    const int count = pieces * lanes;
    Label loop, done;
    sub(left_, count);
    jl(done, T_NEAR);
    L(loop);
    for (int i = 0; i < pieces; ++i) body(Place{lanes, i * lanes});
    add(at_, count);
    sub(left_, count);
    jge(loop, T_NEAR);
    L(done);
    add(left_, count);
  }

  // to <- the mean, in every lane, of what add(total, place) adds. Independent sums hide the
  // latency of addition and err less than one would; that of single elements counts in its first
  // lane only.
  template <class Add>
  void average(const Xmm& to, const Add& add) {
    const std::vector<Vec> sums = vecs(kUnroll);
    const Vec single = vec();
    for (const Vec& sum : sums) vxorps(sum, sum, sum);
    vxorps(single, single, single);
    walk([&](Place at) { add(at.lanes == 1 ? single : sums[at.offset / at.lanes], at); });
    vaddps(sums[0], sums[0], sums[1]);
    vaddps(sums[2], sums[2], sums[3]);
    vaddps(sums[0], sums[0], sums[2]);
    add_lanes(sums[0], sums[1]);
    const Xmm total = xmm_of(sums[0]);
    vaddss(total, total, xmm_of(single));
    vdivss(total, total, field(offsetof(NormArgs, count)));
    vbroadcastss(to, total);
  }

  // The first lane of x <- the sum of its lanes.
  void add_lanes(const Xmm& x, const Xmm& temporary) {
    constexpr int kHalvesSwapped = 0x4E, kNeighboursSwapped = 0xB1;
    if (zmm()) {
      vextractf64x4(ymm_of(temporary), Xbyak::Zmm(x.getIdx()), 1);
      vaddps(ymm_of(x), ymm_of(x), ymm_of(temporary));
    }
    const Xmm low = xmm_of(x), other = xmm_of(temporary);
    vextractf128(other, ymm_of(x), 1);
    vaddps(low, low, other);
    vpermilps(other, low, kHalvesSwapped);
    vaddps(low, low, other);
    vpermilps(other, low, kNeighboursSwapped);
    vaddss(low, low, other);
  }

  // x <- 1 / sqrt(x + eps)
  void invert_root(const Xmm& x) {
    const Vec other = vec();
    vbroadcastss(other, field(offsetof(NormArgs, eps)));
    vaddps(x, x, other);
    vsqrtps(x, x);
    load_constant(other, 1.0f);
    vdivps(x, other, x);
  }

  // x <- the value that is normalized; stores it, where it is a sum.
  void first_sight(const Xmm& x, Place at) {
    load(x, c_.element, x_, at);
    if (c_.adds == 0) return;
    const Vec other = vec();
    load(other, c_.element, other_, at);
    vaddps(x, x, other);
    store(c_.element, sum_, x, at);
    if (c_.element != Element::kF32) load(x, c_.element, sum_, at);  // as it was rounded
  }

  void load_value(const Xmm& x, Place at) { load(x, c_.element, c_.adds != 0 ? sum_ : x_, at); }

  void add_value(const Xmm& total, Place at) {
    const Vec x = vec();
    first_sight(x, at);
    vaddps(total, total, x);
  }

  void add_square(const Xmm& total, Place at) {
    const Vec x = vec();
    first_sight(x, at);
    vfmadd231ps(total, x, x);
  }

  // Of the differences, not of the squares: no cancellation, however large the mean is.
  void add_deviation(const Xmm& total, Place at, const Xmm& mean) {
    const Vec x = vec();
    load_value(x, at);
    vsubps(x, x, mean);
    vfmadd231ps(total, x, x);
  }

  void normalize(Place at, const Xmm& mean, const Xmm& factor) {
    const Vec x = vec();
    load_value(x, at);
    if (c_.kind == NormKind::kLayer) vsubps(x, x, mean);
    vmulps(x, x, factor);
    if (c_.kind == NormKind::kRms && c_.scale == c_.element) round(x);
    if (c_.weighted != 0) {
      const Vec weight = vec();
      load(weight, c_.scale, weight_, at);
      c_.biased != 0 ? multiply_add_bias(x, weight, at) : vmulps(x, x, weight);
    } else if (c_.biased != 0) {
      const Vec bias = vec();
      load(bias, c_.scale, bias_, at);
      vaddps(x, x, bias);
    }
    store(c_.element, out_, x, at);
  }

  void multiply_add_bias(const Xmm& x, const Xmm& weight, Place at) {
    const Vec bias = vec();
    load(bias, c_.scale, bias_, at);
    vfmadd213ps(x, weight, bias);
  }

  // x <- as it would be stored.
  void round(const Xmm& x) {
    constexpr int kNearestEven = 0;
    if (c_.element == Element::kBf16) {
      emit_round_to_bf16(*this, x);
      vpslld(x, x, 16);
    } else if (c_.element == Element::kF16) {
      const Vec half = vec();
      const Xmm narrow = zmm() ? Xmm(ymm_of(half)) : xmm_of(half);
      vcvtps2ph(narrow, x, kNearestEven);
      vcvtph2ps(x, narrow);
    }
  }

  RegExp address(const Reg64& base, Element type, Place at) const {
    const int bytes = element_bytes(type);
    return base + at_ * bytes + at.offset * bytes;
  }

  // One element: in the first lane.
  void load(const Xmm& to, Element type, const Reg64& base, Place at) {
    const RegExp from = address(base, type, at);
    if (at.lanes > 1) return emit_load(*this, type, to, from);
    if (type == Element::kF32) return vmovss(xmm_of(to), ptr[from]);
    movzx(word_.cvt32(), word[from]);
    if (type == Element::kBf16) shl(word_.cvt32(), 16);
    vmovd(xmm_of(to), word_.cvt32());
    if (type == Element::kF16) vcvtph2ps(xmm_of(to), xmm_of(to));
  }

  // 16-bit: x is lost.
  void store(Element type, const Reg64& base, const Xmm& x, Place at) {
    constexpr int kNearestEven = 0;
    const RegExp to = address(base, type, at);
    if (at.lanes > 1) return emit_store(*this, type, to, x);
    if (type == Element::kF32) return vmovss(ptr[to], xmm_of(x));
    if (type == Element::kBf16) {
      emit_round_to_bf16(*this, x);
    } else {
      vcvtps2ph(xmm_of(x), xmm_of(x), kNearestEven);
    }
    vmovd(word_.cvt32(), xmm_of(x));
    mov(word[to], word_.cvt16());
  }

  const NormConfig c_;
  const Gpr x_ = gpr(), other_ = gpr(), sum_ = gpr(), out_ = gpr(), weight_ = gpr(), bias_ = gpr();
  const Gpr rows_ = gpr(), at_ = gpr(), left_ = gpr(), word_ = gpr();
};

NormKernel generate(const NormConfig& config) { return Generator(config).generate(); }

}  // namespace

NormKernel get_norm(const NormConfig& config) noexcept {
  static auto* const cache = new CodeCache<NormConfig, NormKernel>();
  return cache->get(config, &generate);
}

std::string norm_name(const NormConfig& config) {
  std::string name = config.kind == NormKind::kLayer ? "norm_layer_" : "norm_rms_";
  name += element_name(config.element);
  if (config.scale != config.element) {
    name += std::string("_") + element_name(config.scale);
  }
  name += std::string("_") + isa_name(config.isa);
  if (config.adds != 0) name += "_add";
  if (config.weighted != 0) name += "_weight";
  if (config.biased != 0) name += "_bias";
  return name;
}

}  // namespace stoker::jit
