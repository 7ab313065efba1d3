// Integers to wider and narrower ones.
#include <algorithm>
#include <limits>

#include "tests/support/emulator/lanes.h"

namespace stoker::tests::emulator {
namespace {

// VPMOVZX (From unsigned), VPMOVSX (From signed): as many elements as the destination has.
template <class To, class From>
void widen(State& s, const Instruction& i) {
  const Lanes<From> a = source<From>(s, i, 1, lane_count<To>(i));
  Lanes<To> r;
  for (int n = 0; n < kLanes<To>; ++n) r[n] = static_cast<To>(a[n]);
  write(s, i, r);
}

enum class Excess { kCut, kSigned, kUnsigned };

// VPMOV, VPMOVS, VPMOVUS: what does not fit is cut off or becomes the nearest that does.
template <class To, class From, Excess kExcess>
To narrowed(From value) {
  if (kExcess == Excess::kCut) return static_cast<To>(value);
  if (kExcess == Excess::kUnsigned) {
    return static_cast<To>(std::min<uint64_t>(value, std::numeric_limits<To>::max()));
  }
  using SignedFrom = std::make_signed_t<From>;
  using SignedTo = std::make_signed_t<To>;
  return static_cast<To>(std::clamp<int64_t>(static_cast<SignedFrom>(value),
                                             std::numeric_limits<SignedTo>::min(),
                                             std::numeric_limits<SignedTo>::max()));
}

template <class To, class From, Excess kExcess>
void narrow(State& s, const Instruction& i) {
  const Lanes<From>& a = register_lanes<From>(s, i, 1);
  Lanes<To> r;
  for (int n = 0; n < kLanes<From>; ++n) r[n] = narrowed<To, From, kExcess>(a[n]);
  write(s, i, r, i.operand[1].bytes / static_cast<int>(sizeof(From)));
}

#define NARROW(SIZES, TO, FROM)                                             \
  {ZYDIS_MNEMONIC_VPMOV##SIZES, &narrow<TO, FROM, Excess::kCut>},           \
      {ZYDIS_MNEMONIC_VPMOVS##SIZES, &narrow<TO, FROM, Excess::kSigned>}, { \
    ZYDIS_MNEMONIC_VPMOVUS##SIZES, &narrow<TO, FROM, Excess::kUnsigned>     \
  }

constexpr Row kRows[] = {
    {ZYDIS_MNEMONIC_VPMOVZXBW, &widen<uint16_t, uint8_t>},
    {ZYDIS_MNEMONIC_VPMOVZXBD, &widen<uint32_t, uint8_t>},
    {ZYDIS_MNEMONIC_VPMOVZXBQ, &widen<uint64_t, uint8_t>},
    {ZYDIS_MNEMONIC_VPMOVZXWD, &widen<uint32_t, uint16_t>},
    {ZYDIS_MNEMONIC_VPMOVZXWQ, &widen<uint64_t, uint16_t>},
    {ZYDIS_MNEMONIC_VPMOVZXDQ, &widen<uint64_t, uint32_t>},
    {ZYDIS_MNEMONIC_VPMOVSXBW, &widen<int16_t, int8_t>},
    {ZYDIS_MNEMONIC_VPMOVSXBD, &widen<int32_t, int8_t>},
    {ZYDIS_MNEMONIC_VPMOVSXBQ, &widen<int64_t, int8_t>},
    {ZYDIS_MNEMONIC_VPMOVSXWD, &widen<int32_t, int16_t>},
    {ZYDIS_MNEMONIC_VPMOVSXWQ, &widen<int64_t, int16_t>},
    {ZYDIS_MNEMONIC_VPMOVSXDQ, &widen<int64_t, int32_t>},
    NARROW(WB, uint8_t, uint16_t),
    NARROW(DB, uint8_t, uint32_t),
    NARROW(DW, uint16_t, uint32_t),
    NARROW(QB, uint8_t, uint64_t),
    NARROW(QW, uint16_t, uint64_t),
    NARROW(QD, uint32_t, uint64_t),
};
#undef NARROW

}  // namespace

std::span<const Row> convert_rows() { return kRows; }

}  // namespace stoker::tests::emulator
