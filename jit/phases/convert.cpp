#include "jit/phases/convert.h"

namespace stoker::jit {
namespace {

using Xbyak::RegExp;
using Xbyak::Xmm;

void store_bf16(Assembler& a, const RegExp& to, const Xmm& x) {
  const Xbyak::Ymm half = Assembler::ymm_of(x);
  if (a.isa() >= Isa::kAvx512Bf16) {
    a.vcvtneps2bf16(half, Xbyak::Zmm(x.getIdx()));
    a.vmovups(a.ptr[to], half);
    return;
  }
  emit_round_to_bf16(a, x);
  if (a.zmm()) {
    a.vpmovdw(a.ptr[to], Xbyak::Zmm(x.getIdx()));
    return;
  }
  constexpr int kEvenQuarters = 0x08;  // the low halves of both lanes
  a.vpackusdw(half, half, half);
  a.vpermq(half, half, kEvenQuarters);
  a.vmovups(a.ptr[to], Assembler::xmm_of(x));
}

}  // namespace

// bf16 is the upper half of an fp32. Adding 0x7FFF, and one more when the bit that stays last is
// set, rounds to nearest even.
void emit_round_to_bf16(Assembler& a, const Xmm& x) {
  constexpr int kUnordered = 3;
  const Vec odd = a.vec();
  a.vpsrld(odd, x, 16);
  a.vandps(odd, odd, a.constant(uint32_t{1}));
  a.vpaddd(odd, odd, a.constant(uint32_t{0x7FFF}));
  a.vpaddd(odd, odd, x);
  if (a.zmm()) {
    a.vcmpps(Xbyak::Opmask(1), x, x, kUnordered);
    a.vpsrld(x, odd, 16);
    a.vblendmps(x | Xbyak::Opmask(1), x, a.constant(uint32_t{0x7FC0}));
  } else {
    const Vec nan = a.vec();
    a.vcmpps(nan, x, x, kUnordered);
    a.vpsrld(x, odd, 16);
    a.vblendvps(x, x, a.constant(uint32_t{0x7FC0}), nan);
  }
}

void emit_load(Assembler& a, Element type, const Xmm& to, const RegExp& from) {
  switch (type) {
    case Element::kF32:
      a.vmovups(to, a.ptr[from]);
      break;
    case Element::kBf16:
      a.vpmovzxwd(to, a.ptr[from]);
      a.vpslld(to, to, 16);
      break;
    case Element::kF16:
      a.vcvtph2ps(to, a.ptr[from]);
      break;
  }
}

void emit_load_even(Assembler& a, const Xmm& to, const Xbyak::Address& from) {
  if (a.zmm()) {
    a.vpslld(to, from, 16);
  } else {
    a.vmovdqu(to, from);
    a.vpslld(to, to, 16);
  }
}

void emit_store(Assembler& a, Element type, const RegExp& to, const Xmm& x) {
  constexpr int kNearestEven = 0;
  switch (type) {
    case Element::kF32:
      a.vmovups(a.ptr[to], x);
      break;
    case Element::kBf16:
      store_bf16(a, to, x);
      break;
    case Element::kF16:
      a.vcvtps2ph(a.ptr[to], x, kNearestEven);
      break;
  }
}

}  // namespace stoker::jit
