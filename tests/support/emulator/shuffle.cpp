// Shuffles within 128 bits: shuffles, interleaving, packing with saturation.
#include <algorithm>
#include <limits>

#include "tests/support/emulator/lanes.h"

namespace stoker::tests::emulator {
namespace {

template <class T>
constexpr int kIn128 = 16 / static_cast<int>(sizeof(T));

// The lower half of each 128 bits from operand 1, the upper from operand 2.
void shuffle_floats(State& s, const Instruction& i) {
  const Lanes<uint32_t> a = register_lanes<uint32_t>(s, i, 1);
  const Lanes<uint32_t> b = whole_source<uint32_t>(s, i, 2, i.vector_bytes);
  Lanes<uint32_t> r;
  for (int n = 0; n < 16; ++n) {
    const int from = n / 4 * 4 + static_cast<int>(i.immediate >> n % 4 * 2 & 3);
    r[n] = n % 4 < 2 ? a[from] : b[from];
  }
  write(s, i, r);
}

void shuffle_doubles(State& s, const Instruction& i) {
  const Lanes<uint64_t> a = register_lanes<uint64_t>(s, i, 1);
  const Lanes<uint64_t> b = whole_source<uint64_t>(s, i, 2, i.vector_bytes);
  Lanes<uint64_t> r;
  for (int n = 0; n < 8; ++n) {
    const int from = n / 2 * 2 + static_cast<int>(i.immediate >> n & 1);
    r[n] = n % 2 == 0 ? a[from] : b[from];
  }
  write(s, i, r);
}

void shuffle_dwords(State& s, const Instruction& i) {
  const Lanes<uint32_t> a = whole_source<uint32_t>(s, i, 1, i.vector_bytes);
  Lanes<uint32_t> r;
  for (int n = 0; n < 16; ++n) r[n] = a[n / 4 * 4 + static_cast<int>(i.immediate >> n % 4 * 2 & 3)];
  write(s, i, r);
}

// VPSHUFLW, VPSHUFHW: four words; the other four stay.
template <int kFirst>
void shuffle_words(State& s, const Instruction& i) {
  const Lanes<uint16_t> a = whole_source<uint16_t>(s, i, 1, i.vector_bytes);
  Lanes<uint16_t> r = a;
  for (int n = 0; n < 32; ++n) {
    const int word = n % 8 - kFirst;
    if (word < 0 || word >= 4) continue;
    r[n] = a[n / 8 * 8 + kFirst + static_cast<int>(i.immediate >> word * 2 & 3)];
  }
  write(s, i, r);
}

void shuffle_bytes(State& s, const Instruction& i) {
  const Lanes<uint8_t> a = register_lanes<uint8_t>(s, i, 1);
  const Lanes<uint8_t> index = whole_source<uint8_t>(s, i, 2, i.vector_bytes);
  Lanes<uint8_t> r;
  for (int n = 0; n < 64; ++n) {
    r[n] = index[n] & 0x80 ? uint8_t{0} : a[n / 16 * 16 + (index[n] & 15)];
  }
  write(s, i, r);
}

// a0 b0 a1 b1 ... of the lower or upper halves.
template <class T, bool kHigh>
void interleave(State& s, const Instruction& i) {
  const Lanes<T> a = register_lanes<T>(s, i, 1);
  const Lanes<T> b = whole_source<T>(s, i, 2, i.vector_bytes);
  Lanes<T> r;
  for (int n = 0; n < kLanes<T>; ++n) {
    const int from = n / kIn128<T> * kIn128<T> + n % kIn128<T> / 2 + (kHigh ? kIn128<T> / 2 : 0);
    r[n] = n % 2 == 0 ? a[from] : b[from];
  }
  write(s, i, r);
}

// Signed `From` to narrower `To` with saturation: operand 1 below operand 2 in each 128 bits.
template <class To, class From>
void pack(State& s, const Instruction& i) {
  const Lanes<From> a = register_lanes<From>(s, i, 1);
  const Lanes<From> b = whole_source<From>(s, i, 2, i.vector_bytes);
  Lanes<To> r;
  for (int n = 0; n < kLanes<To>; ++n) {
    const int part = n / kIn128<To> * kIn128<From>, at = n % kIn128<To>;
    const From value = at < kIn128<From> ? a[part + at] : b[part + at - kIn128<From>];
    r[n] = static_cast<To>(
        std::clamp<int64_t>(value, std::numeric_limits<To>::min(), std::numeric_limits<To>::max()));
  }
  write(s, i, r);
}

// VMOVSLDUP, VMOVSHDUP, VMOVDDUP: even or odd lanes twice.
template <class T, int kOdd>
void duplicate(State& s, const Instruction& i) {
  const bool low_double = sizeof(T) == 8 && i.vector_bytes == 16;  // reads 64 bits only
  const Lanes<T> a = whole_source<T>(s, i, 1, low_double ? 8 : i.vector_bytes);
  Lanes<T> r;
  for (int n = 0; n < kLanes<T>; ++n) r[n] = a[n / 2 * 2 + kOdd];
  write(s, i, r);
}

constexpr Row kRows[] = {
    {ZYDIS_MNEMONIC_VSHUFPS, &shuffle_floats},
    {ZYDIS_MNEMONIC_VSHUFPD, &shuffle_doubles},
    {ZYDIS_MNEMONIC_VPSHUFD, &shuffle_dwords},
    {ZYDIS_MNEMONIC_VPSHUFLW, &shuffle_words<0>},
    {ZYDIS_MNEMONIC_VPSHUFHW, &shuffle_words<4>},
    {ZYDIS_MNEMONIC_VPSHUFB, &shuffle_bytes},
    {ZYDIS_MNEMONIC_VPUNPCKLBW, &interleave<uint8_t, false>},
    {ZYDIS_MNEMONIC_VPUNPCKLWD, &interleave<uint16_t, false>},
    {ZYDIS_MNEMONIC_VPUNPCKLDQ, &interleave<uint32_t, false>},
    {ZYDIS_MNEMONIC_VPUNPCKLQDQ, &interleave<uint64_t, false>},
    {ZYDIS_MNEMONIC_VPUNPCKHBW, &interleave<uint8_t, true>},
    {ZYDIS_MNEMONIC_VPUNPCKHWD, &interleave<uint16_t, true>},
    {ZYDIS_MNEMONIC_VPUNPCKHDQ, &interleave<uint32_t, true>},
    {ZYDIS_MNEMONIC_VPUNPCKHQDQ, &interleave<uint64_t, true>},
    {ZYDIS_MNEMONIC_VUNPCKLPS, &interleave<uint32_t, false>},
    {ZYDIS_MNEMONIC_VUNPCKLPD, &interleave<uint64_t, false>},
    {ZYDIS_MNEMONIC_VUNPCKHPS, &interleave<uint32_t, true>},
    {ZYDIS_MNEMONIC_VUNPCKHPD, &interleave<uint64_t, true>},
    {ZYDIS_MNEMONIC_VPACKSSWB, &pack<int8_t, int16_t>},
    {ZYDIS_MNEMONIC_VPACKUSWB, &pack<uint8_t, int16_t>},
    {ZYDIS_MNEMONIC_VPACKSSDW, &pack<int16_t, int32_t>},
    {ZYDIS_MNEMONIC_VPACKUSDW, &pack<uint16_t, int32_t>},
    {ZYDIS_MNEMONIC_VMOVSLDUP, &duplicate<uint32_t, 0>},
    {ZYDIS_MNEMONIC_VMOVSHDUP, &duplicate<uint32_t, 1>},
    {ZYDIS_MNEMONIC_VMOVDDUP, &duplicate<uint64_t, 0>},
};

}  // namespace

std::span<const Row> shuffle_rows() { return kRows; }

}  // namespace stoker::tests::emulator
