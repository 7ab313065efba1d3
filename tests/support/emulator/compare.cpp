// Comparisons, tests and blends.
#include "tests/support/emulator/lanes.h"

namespace stoker::tests::emulator {
namespace {

// Bits 3:0 of the predicate are what counts; bit 4 only changes which NaNs signal (Intel SDM
// vol. 2, CMPPS, table 3-1).
bool holds(float a, float b, int predicate) {
  const bool unordered = a != a || b != b;
  switch (predicate & 15) {
    case 0:
      return a == b;
    case 1:
      return a < b;
    case 2:
      return a <= b;
    case 3:
      return unordered;
    case 4:
      return !(a == b);
    case 5:
      return !(a < b);
    case 6:
      return !(a <= b);
    case 7:
      return !unordered;
    case 8:
      return unordered || a == b;
    case 9:
      return !(a >= b);
    case 10:
      return !(a > b);
    case 11:
      return false;
    case 12:
      return !unordered && a != b;
    case 13:
      return a >= b;
    case 14:
      return a > b;
    default:
      return true;
  }
}

template <class T>
bool holds_integer(T a, T b, int predicate) {
  switch (predicate & 7) {
    case 0:
      return a == b;
    case 1:
      return a < b;
    case 2:
      return a <= b;
    case 3:
      return false;
    case 4:
      return a != b;
    case 5:
      return a >= b;
    case 6:
      return a > b;
    default:
      return true;
  }
}

// To an opmask (EVEX), or to lanes of all ones (VEX).
template <class T, class Test>
void compare(State& s, const Instruction& i, const Test& test) {
  const Lanes<T>&a = register_lanes<T>(s, i, 1), b = source<T>(s, i, 2);
  if (i.operand[0].kind == Kind::kMask) {
    uint64_t bits = 0;
    for (int n = 0; n < kLanes<T>; ++n) bits |= static_cast<uint64_t>(test(a[n], b[n])) << n;
    write_mask<T>(s, i, bits);
    return;
  }
  Lanes<T> r;
  for (int n = 0; n < kLanes<T>; ++n) std::memset(&r[n], test(a[n], b[n]) ? 0xFF : 0, sizeof(T));
  write(s, i, r);
}

void compare_floats(State& s, const Instruction& i) {
  const int predicate = static_cast<int>(i.immediate);
  compare<float>(s, i, [=](float a, float b) { return holds(a, b, predicate); });
}

template <class T>
void compare_integers(State& s, const Instruction& i) {
  const int predicate = static_cast<int>(i.immediate);
  compare<T>(s, i, [=](T a, T b) { return holds_integer(a, b, predicate); });
}

template <class T>
void equal(State& s, const Instruction& i) {
  compare<T>(s, i, [](T a, T b) { return a == b; });
}
template <class T>
void greater(State& s, const Instruction& i) {
  compare<T>(s, i, [](T a, T b) { return a > b; });
}
template <class T>
void test_bits(State& s, const Instruction& i) {
  compare<T>(s, i, [](T a, T b) { return (a & b) != 0; });
}
template <class T>
void test_no_bits(State& s, const Instruction& i) {
  compare<T>(s, i, [](T a, T b) { return (a & b) == 0; });
}

// Operand 2 where the opmask says so, else operand 1, or zero.
template <class T>
void blend_by_mask(State& s, const Instruction& i) {
  const uint64_t lanes = selected(s, i);
  const Lanes<T>&a = register_lanes<T>(s, i, 1), b = source<T>(s, i, 2);
  Lanes<T> r;
  for (int n = 0; n < kLanes<T>; ++n) r[n] = lanes >> n & 1 ? b[n] : i.zeroing ? T() : a[n];
  Instruction unmasked = i;
  unmasked.mask = 0;
  write(s, unmasked, r);
}

// Operand 2 where the lane of operand 3 is negative.
template <class T>
void blend_by_signs(State& s, const Instruction& i) {
  const Lanes<T>&a = register_lanes<T>(s, i, 1), b = source<T>(s, i, 2);
  const Lanes<T>& signs = register_lanes<T>(s, i, 3);
  Lanes<T> r;
  for (int n = 0; n < kLanes<T>; ++n) r[n] = signs[n] < 0 ? b[n] : a[n];
  write(s, i, r);
}

// By the bits of the immediate; those of VPBLENDW repeat in every 128 bits.
template <class T>
void blend_by_immediate(State& s, const Instruction& i) {
  const Lanes<T>&a = register_lanes<T>(s, i, 1), b = source<T>(s, i, 2);
  Lanes<T> r;
  for (int n = 0; n < kLanes<T>; ++n) r[n] = i.immediate >> n % 8 & 1 ? b[n] : a[n];
  write(s, i, r);
}

constexpr Row kRows[] = {
    {ZYDIS_MNEMONIC_VCMPPS, &compare_floats},
    {ZYDIS_MNEMONIC_VPCMPB, &compare_integers<int8_t>},
    {ZYDIS_MNEMONIC_VPCMPW, &compare_integers<int16_t>},
    {ZYDIS_MNEMONIC_VPCMPD, &compare_integers<int32_t>},
    {ZYDIS_MNEMONIC_VPCMPQ, &compare_integers<int64_t>},
    {ZYDIS_MNEMONIC_VPCMPUB, &compare_integers<uint8_t>},
    {ZYDIS_MNEMONIC_VPCMPUW, &compare_integers<uint16_t>},
    {ZYDIS_MNEMONIC_VPCMPUD, &compare_integers<uint32_t>},
    {ZYDIS_MNEMONIC_VPCMPUQ, &compare_integers<uint64_t>},
    {ZYDIS_MNEMONIC_VPCMPEQB, &equal<int8_t>},
    {ZYDIS_MNEMONIC_VPCMPEQW, &equal<int16_t>},
    {ZYDIS_MNEMONIC_VPCMPEQD, &equal<int32_t>},
    {ZYDIS_MNEMONIC_VPCMPEQQ, &equal<int64_t>},
    {ZYDIS_MNEMONIC_VPCMPGTB, &greater<int8_t>},
    {ZYDIS_MNEMONIC_VPCMPGTW, &greater<int16_t>},
    {ZYDIS_MNEMONIC_VPCMPGTD, &greater<int32_t>},
    {ZYDIS_MNEMONIC_VPCMPGTQ, &greater<int64_t>},
    {ZYDIS_MNEMONIC_VPTESTMB, &test_bits<uint8_t>},
    {ZYDIS_MNEMONIC_VPTESTMW, &test_bits<uint16_t>},
    {ZYDIS_MNEMONIC_VPTESTMD, &test_bits<uint32_t>},
    {ZYDIS_MNEMONIC_VPTESTMQ, &test_bits<uint64_t>},
    {ZYDIS_MNEMONIC_VPTESTNMB, &test_no_bits<uint8_t>},
    {ZYDIS_MNEMONIC_VPTESTNMW, &test_no_bits<uint16_t>},
    {ZYDIS_MNEMONIC_VPTESTNMD, &test_no_bits<uint32_t>},
    {ZYDIS_MNEMONIC_VPTESTNMQ, &test_no_bits<uint64_t>},
    {ZYDIS_MNEMONIC_VBLENDMPS, &blend_by_mask<uint32_t>},
    {ZYDIS_MNEMONIC_VBLENDMPD, &blend_by_mask<uint64_t>},
    {ZYDIS_MNEMONIC_VPBLENDMB, &blend_by_mask<uint8_t>},
    {ZYDIS_MNEMONIC_VPBLENDMW, &blend_by_mask<uint16_t>},
    {ZYDIS_MNEMONIC_VPBLENDMD, &blend_by_mask<uint32_t>},
    {ZYDIS_MNEMONIC_VPBLENDMQ, &blend_by_mask<uint64_t>},
    {ZYDIS_MNEMONIC_VBLENDVPS, &blend_by_signs<int32_t>},
    {ZYDIS_MNEMONIC_VBLENDVPD, &blend_by_signs<int64_t>},
    {ZYDIS_MNEMONIC_VPBLENDVB, &blend_by_signs<int8_t>},
    {ZYDIS_MNEMONIC_VBLENDPS, &blend_by_immediate<uint32_t>},
    {ZYDIS_MNEMONIC_VBLENDPD, &blend_by_immediate<uint64_t>},
    {ZYDIS_MNEMONIC_VPBLENDD, &blend_by_immediate<uint32_t>},
    {ZYDIS_MNEMONIC_VPBLENDW, &blend_by_immediate<uint16_t>},
};

}  // namespace

std::span<const Row> compare_rows() { return kRows; }

}  // namespace stoker::tests::emulator
