// Permutations across the whole vector, by indices in a register or in the immediate.
#include "tests/support/emulator/lanes.h"

namespace stoker::tests::emulator {
namespace {

// Operand 1 has the indices, operand 2 the lanes; indices count modulo the lanes.
template <class T>
void permute(State& s, const Instruction& i) {
  const int count = lane_count<T>(i);
  const Lanes<T> index = register_lanes<T>(s, i, 1);
  const Lanes<T> table = whole_source<T>(s, i, 2, i.vector_bytes);
  Lanes<T> r{};
  for (int n = 0; n < count; ++n) r[n] = table[static_cast<int>(index[n]) & (count - 1)];
  write(s, i, r);
}

// VPERMQ, VPERMPD: two bits of the immediate a lane, within 256 bits; or as above.
void permute_quads(State& s, const Instruction& i) {
  if (i.operand[2].kind != Kind::kImmediate) {
    permute<uint64_t>(s, i);
    return;
  }
  const Lanes<uint64_t> a = whole_source<uint64_t>(s, i, 1, i.vector_bytes);
  Lanes<uint64_t> r;
  for (int n = 0; n < 8; ++n) r[n] = a[n / 4 * 4 + static_cast<int>(i.immediate >> n % 4 * 2 & 3)];
  write(s, i, r);
}

template <class T>
Lanes<T> from_two(const Lanes<T>& index, const Lanes<T>& low, const Lanes<T>& high, int count) {
  Lanes<T> r{};
  for (int n = 0; n < count; ++n) {
    const int at = static_cast<int>(index[n]) & (2 * count - 1);
    r[n] = at < count ? low[at] : high[at - count];
  }
  return r;
}

// VPERMI2: the destination has the indices into operands 1 and 2.
template <class T>
void permute_indices(State& s, const Instruction& i) {
  const Lanes<T> high = whole_source<T>(s, i, 2, i.vector_bytes);
  write(s, i,
        from_two(register_lanes<T>(s, i, 0), register_lanes<T>(s, i, 1), high, lane_count<T>(i)));
}

// VPERMT2: operand 1 has the indices into the destination and operand 2.
template <class T>
void permute_tables(State& s, const Instruction& i) {
  const Lanes<T> high = whole_source<T>(s, i, 2, i.vector_bytes);
  write(s, i,
        from_two(register_lanes<T>(s, i, 1), register_lanes<T>(s, i, 0), high, lane_count<T>(i)));
}

// VPERMILPS, VPERMILPD: within 128 bits, by the immediate or by operand 2.
template <class T>
void permute_in_128(State& s, const Instruction& i) {
  constexpr int kIn128 = 16 / static_cast<int>(sizeof(T));
  const bool immediate = i.operand[2].kind == Kind::kImmediate;
  const Lanes<T> a =
      immediate ? whole_source<T>(s, i, 1, i.vector_bytes) : register_lanes<T>(s, i, 1);
  const Lanes<T> index = immediate ? Lanes<T>{} : whole_source<T>(s, i, 2, i.vector_bytes);
  Lanes<T> r;
  for (int n = 0; n < kLanes<T>; ++n) {
    int from = 0;
    if (sizeof(T) == 4) {
      from = immediate ? static_cast<int>(i.immediate >> n % 4 * 2) : static_cast<int>(index[n]);
    } else {
      // One bit of the immediate a lane of the whole vector; bit 1 of an index.
      from = immediate ? static_cast<int>(i.immediate >> n) : static_cast<int>(index[n] >> 1);
    }
    r[n] = a[n / kIn128 * kIn128 + (from & (kIn128 - 1))];
  }
  write(s, i, r);
}

// VPERM2F128, VPERM2I128: bits 1:0 choose a half of operand 1 or 2, bit 3 zero; then 5:4 and 7.
void permute_halves(State& s, const Instruction& i) {
  const Lanes<uint64_t>& a = register_lanes<uint64_t>(s, i, 1);
  const Lanes<uint64_t> b = source<uint64_t>(s, i, 2);
  Lanes<uint64_t> r{};
  for (int half = 0; half < 2; ++half) {
    const int control = static_cast<int>(i.immediate >> half * 4);
    if (control & 8) continue;
    const Lanes<uint64_t>& from = control & 2 ? b : a;
    for (int n = 0; n < 2; ++n) r[half * 2 + n] = from[(control & 1) * 2 + n];
  }
  write(s, i, r);
}

// VSHUFF32X4 and its like: the lower half from operand 1, the upper from operand 2, in 128 bits.
template <class T>
void shuffle_128(State& s, const Instruction& i) {
  constexpr int kIn128 = 16 / static_cast<int>(sizeof(T));
  const int parts = i.vector_bytes / 16, bits = parts == 4 ? 2 : 1;
  const Lanes<T> a = register_lanes<T>(s, i, 1);
  const Lanes<T> b = whole_source<T>(s, i, 2, i.vector_bytes);
  Lanes<T> r{};
  for (int part = 0; part < parts; ++part) {
    const int from = static_cast<int>(i.immediate >> part * bits) & (parts - 1);
    const Lanes<T>& table = part < parts / 2 ? a : b;
    for (int n = 0; n < kIn128; ++n) r[part * kIn128 + n] = table[from * kIn128 + n];
  }
  write(s, i, r);
}

constexpr Row kRows[] = {
    {ZYDIS_MNEMONIC_VPERMB, &permute<uint8_t>},
    {ZYDIS_MNEMONIC_VPERMW, &permute<uint16_t>},
    {ZYDIS_MNEMONIC_VPERMD, &permute<uint32_t>},
    {ZYDIS_MNEMONIC_VPERMPS, &permute<uint32_t>},
    {ZYDIS_MNEMONIC_VPERMQ, &permute_quads},
    {ZYDIS_MNEMONIC_VPERMPD, &permute_quads},
    {ZYDIS_MNEMONIC_VPERMI2B, &permute_indices<uint8_t>},
    {ZYDIS_MNEMONIC_VPERMI2W, &permute_indices<uint16_t>},
    {ZYDIS_MNEMONIC_VPERMI2D, &permute_indices<uint32_t>},
    {ZYDIS_MNEMONIC_VPERMI2PS, &permute_indices<uint32_t>},
    {ZYDIS_MNEMONIC_VPERMI2Q, &permute_indices<uint64_t>},
    {ZYDIS_MNEMONIC_VPERMI2PD, &permute_indices<uint64_t>},
    {ZYDIS_MNEMONIC_VPERMT2B, &permute_tables<uint8_t>},
    {ZYDIS_MNEMONIC_VPERMT2W, &permute_tables<uint16_t>},
    {ZYDIS_MNEMONIC_VPERMT2D, &permute_tables<uint32_t>},
    {ZYDIS_MNEMONIC_VPERMT2PS, &permute_tables<uint32_t>},
    {ZYDIS_MNEMONIC_VPERMT2Q, &permute_tables<uint64_t>},
    {ZYDIS_MNEMONIC_VPERMT2PD, &permute_tables<uint64_t>},
    {ZYDIS_MNEMONIC_VPERMILPS, &permute_in_128<uint32_t>},
    {ZYDIS_MNEMONIC_VPERMILPD, &permute_in_128<uint64_t>},
    {ZYDIS_MNEMONIC_VPERM2F128, &permute_halves},
    {ZYDIS_MNEMONIC_VPERM2I128, &permute_halves},
    {ZYDIS_MNEMONIC_VSHUFF32X4, &shuffle_128<uint32_t>},
    {ZYDIS_MNEMONIC_VSHUFI32X4, &shuffle_128<uint32_t>},
    {ZYDIS_MNEMONIC_VSHUFF64X2, &shuffle_128<uint64_t>},
    {ZYDIS_MNEMONIC_VSHUFI64X2, &shuffle_128<uint64_t>},
};

}  // namespace

std::span<const Row> permute_rows() { return kRows; }

}  // namespace stoker::tests::emulator
