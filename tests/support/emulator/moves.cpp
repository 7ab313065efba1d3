// Moves of whole vectors and of single elements; masked moves.
#include "tests/support/emulator/scalar.h"

namespace stoker::tests::emulator {
namespace {

template <class T>
void move(State& s, const Instruction& i) {
  write(s, i, source<T>(s, i, 1));
}

// A misaligned address is a fault on the CPU.
template <class T>
void move_aligned(State& s, const Instruction& i) {
  const bool memory = i.operand[0].kind == Kind::kMemory || i.operand[1].kind == Kind::kMemory;
  if (memory && address_of(s, i) % i.vector_bytes != 0) refuse(i, "a misaligned address");
  move<T>(s, i);
}

// MOVD, MOVQ: the lowest element, from or to anywhere; the rest of a vector becomes zero.
template <class T>
void move_element(State& s, const Instruction& i) {
  if (i.operand[0].kind != Kind::kVector) {
    write(s, i, 0, static_cast<uint64_t>(register_lanes<T>(s, i, 1)[0]));
    return;
  }
  Lanes<T> r{};
  r[0] = i.operand[1].kind == Kind::kVector ? register_lanes<T>(s, i, 1)[0]
                                            : static_cast<T>(read(s, i, 1));
  write(s, i, r, 16 / static_cast<int>(sizeof(T)));
}

// MOVSS, MOVSD: a load zeroes the rest, a move between registers takes it from operand 1.
template <class T>
void move_scalar(State& s, const Instruction& i) {
  if (i.operand[0].kind == Kind::kMemory) {
    write(s, i, register_lanes<T>(s, i, 1), 1);
  } else if (i.operand[1].kind == Kind::kMemory) {
    Lanes<T> r{};
    r[0] = scalar_source<T>(s, i, 1);
    const T before = s.lanes<T>(i.operand[0].index)[0];
    if (!(selected(s, i) & 1)) r[0] = i.zeroing ? T() : before;
    Instruction unmasked = i;
    unmasked.mask = 0;
    write(s, unmasked, r, 16 / static_cast<int>(sizeof(T)));
  } else if (i.legacy) {
    s.lanes<T>(i.operand[0].index)[0] = register_lanes<T>(s, i, 1)[0];
  } else {
    write_scalar<T>(s, i, register_lanes<T>(s, i, 2)[0]);
  }
}

// VMASKMOV, VPMASKMOV: the signs of operand 1 select; what is not selected is not touched.
template <class T>
void masked_move(State& s, const Instruction& i) {
  const int count = lane_count<T>(i);
  const Lanes<T>& signs = register_lanes<T>(s, i, 1);
  uint64_t lanes = 0;
  for (int n = 0; n < count; ++n) lanes |= static_cast<uint64_t>(signs[n] < 0) << n;
  if (i.operand[0].kind == Kind::kMemory) {
    store_lanes<T>(address_of(s, i), register_lanes<T>(s, i, 2).v, count, lanes);
  } else {
    write(s, i, load_lanes<T>(address_of(s, i), count, lanes));
  }
}

// Signs of the lanes, into a general-purpose register.
template <class T>
void signs(State& s, const Instruction& i) {
  const Lanes<T>& a = register_lanes<T>(s, i, 1);
  uint64_t bits = 0;
  for (int n = 0; n < lane_count<T>(i); ++n) bits |= static_cast<uint64_t>(a[n] < 0) << n;
  write(s, i, 0, bits);
}

// VPINSR: an element from a general-purpose register or memory.
template <class T>
void insert_element(State& s, const Instruction& i) {
  Lanes<T> r = register_lanes<T>(s, i, 1);
  constexpr int kCount = 16 / static_cast<int>(sizeof(T));
  r[static_cast<int>(i.immediate) & (kCount - 1)] = static_cast<T>(read(s, i, 2));
  write(s, i, r, kCount);
}

template <class T>
void extract_element(State& s, const Instruction& i) {
  constexpr int kCount = 16 / static_cast<int>(sizeof(T));
  write(s, i, 0, register_lanes<T>(s, i, 1)[static_cast<int>(i.immediate) & (kCount - 1)]);
}

void vzeroupper(State& s, const Instruction&) {
  for (int n = 0; n < 16; ++n) std::memset(s.vector[n] + 16, 0, 48);
}
void vzeroall(State& s, const Instruction&) {
  for (int n = 0; n < 16; ++n) std::memset(s.vector[n], 0, 64);
}

constexpr Row kRows[] = {
    {ZYDIS_MNEMONIC_VMOVUPS, &move<uint32_t>},
    {ZYDIS_MNEMONIC_VMOVUPD, &move<uint64_t>},
    {ZYDIS_MNEMONIC_VMOVDQU, &move<uint64_t>},
    {ZYDIS_MNEMONIC_VLDDQU, &move<uint64_t>},
    {ZYDIS_MNEMONIC_VMOVDQU8, &move<uint8_t>},
    {ZYDIS_MNEMONIC_VMOVDQU16, &move<uint16_t>},
    {ZYDIS_MNEMONIC_VMOVDQU32, &move<uint32_t>},
    {ZYDIS_MNEMONIC_VMOVDQU64, &move<uint64_t>},
    {ZYDIS_MNEMONIC_MOVUPS, &move<uint32_t>},
    {ZYDIS_MNEMONIC_MOVDQU, &move<uint64_t>},
    {ZYDIS_MNEMONIC_VMOVAPS, &move_aligned<uint32_t>},
    {ZYDIS_MNEMONIC_VMOVAPD, &move_aligned<uint64_t>},
    {ZYDIS_MNEMONIC_VMOVDQA, &move_aligned<uint64_t>},
    {ZYDIS_MNEMONIC_VMOVDQA32, &move_aligned<uint32_t>},
    {ZYDIS_MNEMONIC_VMOVDQA64, &move_aligned<uint64_t>},
    {ZYDIS_MNEMONIC_VMOVNTPS, &move_aligned<uint32_t>},
    {ZYDIS_MNEMONIC_VMOVNTPD, &move_aligned<uint64_t>},
    {ZYDIS_MNEMONIC_VMOVNTDQ, &move_aligned<uint64_t>},
    {ZYDIS_MNEMONIC_VMOVNTDQA, &move_aligned<uint64_t>},
    {ZYDIS_MNEMONIC_MOVAPS, &move_aligned<uint32_t>},
    {ZYDIS_MNEMONIC_MOVDQA, &move_aligned<uint64_t>},
    {ZYDIS_MNEMONIC_VMOVD, &move_element<uint32_t>},
    {ZYDIS_MNEMONIC_VMOVQ, &move_element<uint64_t>},
    {ZYDIS_MNEMONIC_MOVD, &move_element<uint32_t>},
    {ZYDIS_MNEMONIC_MOVQ, &move_element<uint64_t>},
    {ZYDIS_MNEMONIC_VMOVSS, &move_scalar<uint32_t>},
    {ZYDIS_MNEMONIC_VMOVSD, &move_scalar<uint64_t>},
    {ZYDIS_MNEMONIC_MOVSS, &move_scalar<uint32_t>},
    {ZYDIS_MNEMONIC_VMASKMOVPS, &masked_move<int32_t>},
    {ZYDIS_MNEMONIC_VMASKMOVPD, &masked_move<int64_t>},
    {ZYDIS_MNEMONIC_VPMASKMOVD, &masked_move<int32_t>},
    {ZYDIS_MNEMONIC_VPMASKMOVQ, &masked_move<int64_t>},
    {ZYDIS_MNEMONIC_VMOVMSKPS, &signs<int32_t>},
    {ZYDIS_MNEMONIC_VMOVMSKPD, &signs<int64_t>},
    {ZYDIS_MNEMONIC_VPMOVMSKB, &signs<int8_t>},
    {ZYDIS_MNEMONIC_VPINSRB, &insert_element<uint8_t>},
    {ZYDIS_MNEMONIC_VPINSRW, &insert_element<uint16_t>},
    {ZYDIS_MNEMONIC_VPINSRD, &insert_element<uint32_t>},
    {ZYDIS_MNEMONIC_VPINSRQ, &insert_element<uint64_t>},
    {ZYDIS_MNEMONIC_VPEXTRB, &extract_element<uint8_t>},
    {ZYDIS_MNEMONIC_VPEXTRW, &extract_element<uint16_t>},
    {ZYDIS_MNEMONIC_VPEXTRD, &extract_element<uint32_t>},
    {ZYDIS_MNEMONIC_VEXTRACTPS, &extract_element<uint32_t>},
    {ZYDIS_MNEMONIC_VPEXTRQ, &extract_element<uint64_t>},
    {ZYDIS_MNEMONIC_VZEROUPPER, &vzeroupper},
    {ZYDIS_MNEMONIC_VZEROALL, &vzeroall},
};

}  // namespace

std::span<const Row> move_rows() { return kRows; }

}  // namespace stoker::tests::emulator
