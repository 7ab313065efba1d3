// Integer arithmetic and logic.
#include <algorithm>
#include <limits>

#include "tests/support/emulator/lanes.h"

namespace stoker::tests::emulator {
namespace {

constexpr auto kAdd = [](auto a, auto b) { return a + b; };
constexpr auto kSubtract = [](auto a, auto b) { return a - b; };
constexpr auto kMultiply = [](auto a, auto b) { return a * b; };
constexpr auto kMinimum = [](auto a, auto b) { return std::min(a, b); };
constexpr auto kMaximum = [](auto a, auto b) { return std::max(a, b); };
constexpr auto kAnd = [](auto a, auto b) { return a & b; };
constexpr auto kAndn = [](auto a, auto b) { return ~a & b; };
constexpr auto kOr = [](auto a, auto b) { return a | b; };
constexpr auto kXor = [](auto a, auto b) { return a ^ b; };
// The most negative number stays: its absolute value as unsigned.
constexpr auto kAbsolute = [](auto a) {
  return a < 0 ? 0u - static_cast<uint32_t>(a) : static_cast<uint32_t>(a);
};
constexpr auto kMultiplyLow = [](int16_t a, int16_t b) { return int32_t{a} * b; };
constexpr auto kMultiplyHigh = [](int16_t a, int16_t b) { return int32_t{a} * b >> 16; };
constexpr auto kMultiplyWide = [](uint64_t a, uint64_t b) {
  return (a & 0xFFFFFFFFu) * (b & 0xFFFFFFFFu);
};

// Sums of neighbouring products, in lanes of twice the width.
constexpr auto kMultiplyAdd16 = [](const int16_t* a, const int16_t* b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a[0] * b[0]) +
                              static_cast<uint32_t>(a[1] * b[1]));
};
constexpr auto kMultiplyAdd8 = [](const uint8_t* a, const int8_t* b) {
  return static_cast<int16_t>(std::clamp(a[0] * b[0] + a[1] * b[1], -32768, 32767));
};

template <class To, class A, class B, auto kOperation>
void pairs(State& s, const Instruction& i) {
  const Lanes<To>&a = register_lanes<To>(s, i, 1), b = source<To>(s, i, 2);
  Lanes<A> x;
  Lanes<B> y;
  std::memcpy(x.v, a.v, 64);
  std::memcpy(y.v, b.v, 64);
  Lanes<To> r;
  for (int n = 0; n < kLanes<To>; ++n) r[n] = kOperation(&x[2 * n], &y[2 * n]);
  write(s, i, r);
}

// Bit 4a + 2b + c of the immediate, for every bit of the three operands.
template <class T>
void ternary_logic(State& s, const Instruction& i) {
  const Lanes<T> a = register_lanes<T>(s, i, 0), b = register_lanes<T>(s, i, 1);
  const Lanes<T> c = source<T>(s, i, 2);
  Lanes<T> r{};
  for (int row = 0; row < 8; ++row) {
    if (!(i.immediate >> row & 1)) continue;
    for (int n = 0; n < kLanes<T>; ++n) {
      r[n] |= (row & 4 ? a[n] : ~a[n]) & (row & 2 ? b[n] : ~b[n]) & (row & 1 ? c[n] : ~c[n]);
    }
  }
  write(s, i, r);
}

// Sum of four products of unsigned and signed bytes, added to the destination.
template <bool kSaturate>
void dot_bytes(State& s, const Instruction& i) {
  const Lanes<uint32_t>&a = register_lanes<uint32_t>(s, i, 1), b = source<uint32_t>(s, i, 2);
  Lanes<int32_t> r = register_lanes<int32_t>(s, i, 0);
  for (int n = 0; n < 16; ++n) {
    int32_t sum = 0;
    for (int byte = 0; byte < 4; ++byte) {
      sum += static_cast<uint8_t>(a[n] >> 8 * byte) * static_cast<int8_t>(b[n] >> 8 * byte);
    }
    const int64_t exact = int64_t{r[n]} + sum;
    r[n] = static_cast<int32_t>(kSaturate ? std::clamp<int64_t>(exact,
                                                                std::numeric_limits<int32_t>::min(),
                                                                std::numeric_limits<int32_t>::max())
                                          : exact);
  }
  write(s, i, r);
}

constexpr Row kRows[] = {
    {ZYDIS_MNEMONIC_VPADDB, &binary<uint8_t, kAdd>},
    {ZYDIS_MNEMONIC_VPADDW, &binary<uint16_t, kAdd>},
    {ZYDIS_MNEMONIC_VPADDD, &binary<uint32_t, kAdd>},
    {ZYDIS_MNEMONIC_VPADDQ, &binary<uint64_t, kAdd>},
    {ZYDIS_MNEMONIC_VPSUBB, &binary<uint8_t, kSubtract>},
    {ZYDIS_MNEMONIC_VPSUBW, &binary<uint16_t, kSubtract>},
    {ZYDIS_MNEMONIC_VPSUBD, &binary<uint32_t, kSubtract>},
    {ZYDIS_MNEMONIC_VPSUBQ, &binary<uint64_t, kSubtract>},
    {ZYDIS_MNEMONIC_VPMULLW, &binary<int16_t, kMultiplyLow>},
    {ZYDIS_MNEMONIC_VPMULHW, &binary<int16_t, kMultiplyHigh>},
    {ZYDIS_MNEMONIC_VPMULLD, &binary<uint32_t, kMultiply>},
    {ZYDIS_MNEMONIC_VPMULLQ, &binary<uint64_t, kMultiply>},
    {ZYDIS_MNEMONIC_VPMULUDQ, &binary<uint64_t, kMultiplyWide>},
    {ZYDIS_MNEMONIC_VPMADDWD, &pairs<int32_t, int16_t, int16_t, kMultiplyAdd16>},
    {ZYDIS_MNEMONIC_VPMADDUBSW, &pairs<int16_t, uint8_t, int8_t, kMultiplyAdd8>},
    {ZYDIS_MNEMONIC_VPDPBUSD, &dot_bytes<false>},
    {ZYDIS_MNEMONIC_VPDPBUSDS, &dot_bytes<true>},
    {ZYDIS_MNEMONIC_VPMINSB, &binary<int8_t, kMinimum>},
    {ZYDIS_MNEMONIC_VPMINSW, &binary<int16_t, kMinimum>},
    {ZYDIS_MNEMONIC_VPMINSD, &binary<int32_t, kMinimum>},
    {ZYDIS_MNEMONIC_VPMINSQ, &binary<int64_t, kMinimum>},
    {ZYDIS_MNEMONIC_VPMINUB, &binary<uint8_t, kMinimum>},
    {ZYDIS_MNEMONIC_VPMINUW, &binary<uint16_t, kMinimum>},
    {ZYDIS_MNEMONIC_VPMINUD, &binary<uint32_t, kMinimum>},
    {ZYDIS_MNEMONIC_VPMINUQ, &binary<uint64_t, kMinimum>},
    {ZYDIS_MNEMONIC_VPMAXSB, &binary<int8_t, kMaximum>},
    {ZYDIS_MNEMONIC_VPMAXSW, &binary<int16_t, kMaximum>},
    {ZYDIS_MNEMONIC_VPMAXSD, &binary<int32_t, kMaximum>},
    {ZYDIS_MNEMONIC_VPMAXSQ, &binary<int64_t, kMaximum>},
    {ZYDIS_MNEMONIC_VPMAXUB, &binary<uint8_t, kMaximum>},
    {ZYDIS_MNEMONIC_VPMAXUW, &binary<uint16_t, kMaximum>},
    {ZYDIS_MNEMONIC_VPMAXUD, &binary<uint32_t, kMaximum>},
    {ZYDIS_MNEMONIC_VPMAXUQ, &binary<uint64_t, kMaximum>},
    {ZYDIS_MNEMONIC_VPABSB, &unary<int8_t, kAbsolute>},
    {ZYDIS_MNEMONIC_VPABSW, &unary<int16_t, kAbsolute>},
    {ZYDIS_MNEMONIC_VPABSD, &unary<int32_t, kAbsolute>},
    {ZYDIS_MNEMONIC_VPAND, &binary<uint64_t, kAnd>},
    {ZYDIS_MNEMONIC_VPANDD, &binary<uint32_t, kAnd>},
    {ZYDIS_MNEMONIC_VPANDQ, &binary<uint64_t, kAnd>},
    {ZYDIS_MNEMONIC_VANDPS, &binary<uint32_t, kAnd>},
    {ZYDIS_MNEMONIC_VANDPD, &binary<uint64_t, kAnd>},
    {ZYDIS_MNEMONIC_VPANDN, &binary<uint64_t, kAndn>},
    {ZYDIS_MNEMONIC_VPANDND, &binary<uint32_t, kAndn>},
    {ZYDIS_MNEMONIC_VPANDNQ, &binary<uint64_t, kAndn>},
    {ZYDIS_MNEMONIC_VANDNPS, &binary<uint32_t, kAndn>},
    {ZYDIS_MNEMONIC_VANDNPD, &binary<uint64_t, kAndn>},
    {ZYDIS_MNEMONIC_VPOR, &binary<uint64_t, kOr>},
    {ZYDIS_MNEMONIC_VPORD, &binary<uint32_t, kOr>},
    {ZYDIS_MNEMONIC_VPORQ, &binary<uint64_t, kOr>},
    {ZYDIS_MNEMONIC_VORPS, &binary<uint32_t, kOr>},
    {ZYDIS_MNEMONIC_VORPD, &binary<uint64_t, kOr>},
    {ZYDIS_MNEMONIC_VPXOR, &binary<uint64_t, kXor>},
    {ZYDIS_MNEMONIC_VPXORD, &binary<uint32_t, kXor>},
    {ZYDIS_MNEMONIC_VPXORQ, &binary<uint64_t, kXor>},
    {ZYDIS_MNEMONIC_VXORPS, &binary<uint32_t, kXor>},
    {ZYDIS_MNEMONIC_VXORPD, &binary<uint64_t, kXor>},
    {ZYDIS_MNEMONIC_PXOR, &binary<uint64_t, kXor>},
    {ZYDIS_MNEMONIC_XORPS, &binary<uint32_t, kXor>},
    {ZYDIS_MNEMONIC_VPTERNLOGD, &ternary_logic<uint32_t>},
    {ZYDIS_MNEMONIC_VPTERNLOGQ, &ternary_logic<uint64_t>},
};

}  // namespace

std::span<const Row> integer_rows() { return kRows; }

}  // namespace stoker::tests::emulator
