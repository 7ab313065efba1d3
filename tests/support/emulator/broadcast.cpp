// Broadcasts, insertion and extraction of parts of a vector.
#include "tests/support/emulator/scalar.h"

namespace stoker::tests::emulator {
namespace {

// `kCount` elements of T, repeated. In memory only those that a selected lane needs are touched.
template <class T, int kCount>
void broadcast(State& s, const Instruction& i) {
  const int lanes = lane_count<T>(i);
  const uint64_t written = selected(s, i) & low_bits(lanes);
  Lanes<T> part;
  if (i.operand[1].kind == Kind::kVector) {
    part = register_lanes<T>(s, i, 1);
  } else if (i.operand[1].kind == Kind::kGpr) {
    part[0] = static_cast<T>(read(s, i, 1));
  } else {
    uint64_t needed = 0;
    for (int n = 0; n < lanes; ++n) needed |= (written >> n & 1) << n % kCount;
    part = load_lanes<T>(address_of(s, i), kCount, needed);
  }
  Lanes<T> r;
  for (int n = 0; n < kLanes<T>; ++n) r[n] = part[n % kCount];
  write(s, i, r);
}

// kCount elements of T of operand 2 replace a part of operand 1; the immediate says which.
template <class T, int kCount>
void insert(State& s, const Instruction& i) {
  const int parts = lane_count<T>(i) / kCount;
  const int at = (static_cast<int>(i.immediate) & (parts - 1)) * kCount;
  const Lanes<T> part = whole_source<T>(s, i, 2, kCount * static_cast<int>(sizeof(T)));
  Lanes<T> r = register_lanes<T>(s, i, 1);
  for (int n = 0; n < kCount; ++n) r[at + n] = part[n];
  write(s, i, r);
}

template <class T, int kCount>
void extract(State& s, const Instruction& i) {
  // By the vector length: of VEXTRACTF128's operand 1 the decoder gives the size of the part.
  const int parts = lane_count<T>(i) / kCount;
  const int at = (static_cast<int>(i.immediate) & (parts - 1)) * kCount;
  const Lanes<T>& a = register_lanes<T>(s, i, 1);
  Lanes<T> r;
  for (int n = 0; n < kCount; ++n) r[n] = a[at + n];
  write(s, i, r, kCount);
}

constexpr Row kRows[] = {
    {ZYDIS_MNEMONIC_VBROADCASTSS, &broadcast<uint32_t, 1>},
    {ZYDIS_MNEMONIC_VBROADCASTSD, &broadcast<uint64_t, 1>},
    {ZYDIS_MNEMONIC_VPBROADCASTB, &broadcast<uint8_t, 1>},
    {ZYDIS_MNEMONIC_VPBROADCASTW, &broadcast<uint16_t, 1>},
    {ZYDIS_MNEMONIC_VPBROADCASTD, &broadcast<uint32_t, 1>},
    {ZYDIS_MNEMONIC_VPBROADCASTQ, &broadcast<uint64_t, 1>},
    {ZYDIS_MNEMONIC_VBROADCASTF128, &broadcast<uint64_t, 2>},
    {ZYDIS_MNEMONIC_VBROADCASTI128, &broadcast<uint64_t, 2>},
    {ZYDIS_MNEMONIC_VBROADCASTF32X2, &broadcast<uint32_t, 2>},
    {ZYDIS_MNEMONIC_VBROADCASTI32X2, &broadcast<uint32_t, 2>},
    {ZYDIS_MNEMONIC_VBROADCASTF32X4, &broadcast<uint32_t, 4>},
    {ZYDIS_MNEMONIC_VBROADCASTI32X4, &broadcast<uint32_t, 4>},
    {ZYDIS_MNEMONIC_VBROADCASTF32X8, &broadcast<uint32_t, 8>},
    {ZYDIS_MNEMONIC_VBROADCASTI32X8, &broadcast<uint32_t, 8>},
    {ZYDIS_MNEMONIC_VBROADCASTF64X2, &broadcast<uint64_t, 2>},
    {ZYDIS_MNEMONIC_VBROADCASTI64X2, &broadcast<uint64_t, 2>},
    {ZYDIS_MNEMONIC_VBROADCASTF64X4, &broadcast<uint64_t, 4>},
    {ZYDIS_MNEMONIC_VBROADCASTI64X4, &broadcast<uint64_t, 4>},
    {ZYDIS_MNEMONIC_VINSERTF128, &insert<uint64_t, 2>},
    {ZYDIS_MNEMONIC_VINSERTI128, &insert<uint64_t, 2>},
    {ZYDIS_MNEMONIC_VINSERTF32X4, &insert<uint32_t, 4>},
    {ZYDIS_MNEMONIC_VINSERTI32X4, &insert<uint32_t, 4>},
    {ZYDIS_MNEMONIC_VINSERTF32X8, &insert<uint32_t, 8>},
    {ZYDIS_MNEMONIC_VINSERTI32X8, &insert<uint32_t, 8>},
    {ZYDIS_MNEMONIC_VINSERTF64X2, &insert<uint64_t, 2>},
    {ZYDIS_MNEMONIC_VINSERTI64X2, &insert<uint64_t, 2>},
    {ZYDIS_MNEMONIC_VINSERTF64X4, &insert<uint64_t, 4>},
    {ZYDIS_MNEMONIC_VINSERTI64X4, &insert<uint64_t, 4>},
    {ZYDIS_MNEMONIC_VEXTRACTF128, &extract<uint64_t, 2>},
    {ZYDIS_MNEMONIC_VEXTRACTI128, &extract<uint64_t, 2>},
    {ZYDIS_MNEMONIC_VEXTRACTF32X4, &extract<uint32_t, 4>},
    {ZYDIS_MNEMONIC_VEXTRACTI32X4, &extract<uint32_t, 4>},
    {ZYDIS_MNEMONIC_VEXTRACTF32X8, &extract<uint32_t, 8>},
    {ZYDIS_MNEMONIC_VEXTRACTI32X8, &extract<uint32_t, 8>},
    {ZYDIS_MNEMONIC_VEXTRACTF64X2, &extract<uint64_t, 2>},
    {ZYDIS_MNEMONIC_VEXTRACTI64X2, &extract<uint64_t, 2>},
    {ZYDIS_MNEMONIC_VEXTRACTF64X4, &extract<uint64_t, 4>},
    {ZYDIS_MNEMONIC_VEXTRACTI64X4, &extract<uint64_t, 4>},
};

}  // namespace

std::span<const Row> broadcast_rows() { return kRows; }

}  // namespace stoker::tests::emulator
