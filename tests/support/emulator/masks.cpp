// Opmask registers.
#include "tests/support/emulator/scalar.h"

namespace stoker::tests::emulator {
namespace {

uint64_t mask_operand(const State& s, const Instruction& i, int operand) {
  return s.k[i.operand[operand].index];
}

void set_mask(State& s, const Instruction& i, uint64_t value, int bits) {
  s.k[i.operand[0].index] = value & low_bits(bits);
}

// Between opmasks, memory and general-purpose registers.
template <int kBits>
void kmov(State& s, const Instruction& i) {
  uint64_t value = 0;
  switch (i.operand[1].kind) {
    case Kind::kMask:
      value = mask_operand(s, i, 1);
      break;
    case Kind::kMemory:
      std::memcpy(&value, reinterpret_cast<const void*>(address_of(s, i)), kBits / 8);
      break;
    default:
      value = read(s, i, 1);
  }
  value &= low_bits(kBits);
  switch (i.operand[0].kind) {
    case Kind::kMask:
      set_mask(s, i, value, kBits);
      break;
    case Kind::kMemory:
      std::memcpy(reinterpret_cast<void*>(address_of(s, i)), &value, kBits / 8);
      break;
    default:
      write(s, i, 0, value);
  }
}

constexpr auto kAnd = [](uint64_t a, uint64_t b) { return a & b; };
constexpr auto kAndn = [](uint64_t a, uint64_t b) { return ~a & b; };
constexpr auto kOr = [](uint64_t a, uint64_t b) { return a | b; };
constexpr auto kXor = [](uint64_t a, uint64_t b) { return a ^ b; };
constexpr auto kXnor = [](uint64_t a, uint64_t b) { return ~(a ^ b); };
constexpr auto kAdd = [](uint64_t a, uint64_t b) { return a + b; };

template <int kBits, auto kOperation>
void combine(State& s, const Instruction& i) {
  set_mask(s, i, kOperation(mask_operand(s, i, 1), mask_operand(s, i, 2)), kBits);
}

template <int kBits>
void knot(State& s, const Instruction& i) {
  set_mask(s, i, ~mask_operand(s, i, 1), kBits);
}

template <int kBits, bool kLeft>
void kshift(State& s, const Instruction& i) {
  const int count = static_cast<int>(i.immediate & 0xFF);
  const uint64_t a = mask_operand(s, i, 1) & low_bits(kBits);
  set_mask(s, i, count >= kBits ? 0 : kLeft ? a << count : a >> count, kBits);
}

// operand 1 becomes the upper half
template <int kHalf>
void kunpck(State& s, const Instruction& i) {
  const uint64_t high = mask_operand(s, i, 1) << kHalf;
  set_mask(s, i, high | (mask_operand(s, i, 2) & low_bits(kHalf)), 2 * kHalf);
}

template <int kBits>
void kortest(State& s, const Instruction& i) {
  const uint64_t either = (mask_operand(s, i, 0) | mask_operand(s, i, 1)) & low_bits(kBits);
  s.flags = {};
  s.flags.zero = either == 0;
  s.flags.carry = either == low_bits(kBits);
}

template <int kBits>
void ktest(State& s, const Instruction& i) {
  const uint64_t a = mask_operand(s, i, 0), b = mask_operand(s, i, 1);
  s.flags = {};
  s.flags.zero = (a & b & low_bits(kBits)) == 0;
  s.flags.carry = (~a & b & low_bits(kBits)) == 0;
}

// All ones where the bit is set.
template <class T>
void mask_to_vector(State& s, const Instruction& i) {
  const uint64_t bits = mask_operand(s, i, 1);
  Lanes<T> r;
  for (int n = 0; n < kLanes<T>; ++n) r[n] = bits >> n & 1 ? static_cast<T>(-1) : T();
  write(s, i, r);
}

template <class T>
void signs_to_mask(State& s, const Instruction& i) {
  uint64_t bits = 0;
  const Lanes<T>& a = register_lanes<T>(s, i, 1);
  for (int n = 0; n < kLanes<T>; ++n) bits |= static_cast<uint64_t>(a[n] < 0) << n;
  set_mask(s, i, bits, lane_count<T>(i));
}

#define EVERY_WIDTH(NAME, ...)                                                               \
  {ZYDIS_MNEMONIC_##NAME##B, &__VA_ARGS__<8>}, {ZYDIS_MNEMONIC_##NAME##W, &__VA_ARGS__<16>}, \
      {ZYDIS_MNEMONIC_##NAME##D, &__VA_ARGS__<32>}, {                                        \
    ZYDIS_MNEMONIC_##NAME##Q, &__VA_ARGS__<64>                                               \
  }

#define EVERY_WIDTH_WITH(NAME, FUNCTION, SECOND)           \
  {ZYDIS_MNEMONIC_##NAME##B, &FUNCTION<8, SECOND>},        \
      {ZYDIS_MNEMONIC_##NAME##W, &FUNCTION<16, SECOND>},   \
      {ZYDIS_MNEMONIC_##NAME##D, &FUNCTION<32, SECOND>}, { \
    ZYDIS_MNEMONIC_##NAME##Q, &FUNCTION<64, SECOND>        \
  }

constexpr Row kRows[] = {
    EVERY_WIDTH(KMOV, kmov),
    EVERY_WIDTH(KNOT, knot),
    EVERY_WIDTH(KORTEST, kortest),
    EVERY_WIDTH(KTEST, ktest),
    EVERY_WIDTH_WITH(KAND, combine, kAnd),
    EVERY_WIDTH_WITH(KANDN, combine, kAndn),
    EVERY_WIDTH_WITH(KOR, combine, kOr),
    EVERY_WIDTH_WITH(KXOR, combine, kXor),
    EVERY_WIDTH_WITH(KXNOR, combine, kXnor),
    EVERY_WIDTH_WITH(KADD, combine, kAdd),
    EVERY_WIDTH_WITH(KSHIFTL, kshift, true),
    EVERY_WIDTH_WITH(KSHIFTR, kshift, false),
    {ZYDIS_MNEMONIC_KUNPCKBW, &kunpck<8>},
    {ZYDIS_MNEMONIC_KUNPCKWD, &kunpck<16>},
    {ZYDIS_MNEMONIC_KUNPCKDQ, &kunpck<32>},
    {ZYDIS_MNEMONIC_VPMOVM2B, &mask_to_vector<int8_t>},
    {ZYDIS_MNEMONIC_VPMOVM2W, &mask_to_vector<int16_t>},
    {ZYDIS_MNEMONIC_VPMOVM2D, &mask_to_vector<int32_t>},
    {ZYDIS_MNEMONIC_VPMOVM2Q, &mask_to_vector<int64_t>},
    {ZYDIS_MNEMONIC_VPMOVB2M, &signs_to_mask<int8_t>},
    {ZYDIS_MNEMONIC_VPMOVW2M, &signs_to_mask<int16_t>},
    {ZYDIS_MNEMONIC_VPMOVD2M, &signs_to_mask<int32_t>},
    {ZYDIS_MNEMONIC_VPMOVQ2M, &signs_to_mask<int64_t>},
};
#undef EVERY_WIDTH
#undef EVERY_WIDTH_WITH

}  // namespace

std::span<const Row> mask_rows() { return kRows; }

}  // namespace stoker::tests::emulator
