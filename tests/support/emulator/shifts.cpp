// Shifts of lanes, and of bytes within 128 bits.
#include <algorithm>

#include "tests/support/emulator/lanes.h"

namespace stoker::tests::emulator {
namespace {

// Counts of the width and more give zero; arithmetic shifts then give the sign. T is signed for
// arithmetic shifts.
constexpr auto kLeft = []<class T>(T a, uint64_t count) -> T {
  return count >= sizeof(T) * 8 ? T() : static_cast<T>(a << count);
};
constexpr auto kRight = []<class T>(T a, uint64_t count) -> T {
  return count >= sizeof(T) * 8 ? T() : static_cast<T>(a >> count);
};
constexpr auto kArithmetic = []<class T>(T a, uint64_t count) -> T {
  return static_cast<T>(a >> std::min<uint64_t>(count, sizeof(T) * 8 - 1));
};

// One count: the immediate, or the low 64 bits of operand 2.
template <class T, auto kShift>
void shift(State& s, const Instruction& i) {
  const bool immediate = i.operand[2].kind == Kind::kImmediate;
  uint64_t count = static_cast<uint64_t>(i.immediate) & 0xFF;
  if (!immediate) {
    count = i.operand[2].kind == Kind::kVector ? register_lanes<uint64_t>(s, i, 2)[0]
                                               : load_lanes<uint64_t>(address_of(s, i), 2, 3)[0];
  }
  const Lanes<T> a = immediate ? source<T>(s, i, 1) : register_lanes<T>(s, i, 1);
  Lanes<T> r;
  for (int n = 0; n < kLanes<T>; ++n) r[n] = kShift(a[n], count);
  write(s, i, r);
}

// A count for each lane.
template <class T, auto kShift>
void shift_each(State& s, const Instruction& i) {
  const Lanes<T>&a = register_lanes<T>(s, i, 1), b = source<T>(s, i, 2);
  Lanes<T> r;
  for (int n = 0; n < kLanes<T>; ++n) {
    r[n] = kShift(a[n], static_cast<uint64_t>(static_cast<std::make_unsigned_t<T>>(b[n])));
  }
  write(s, i, r);
}

template <bool kUp>
void shift_bytes(State& s, const Instruction& i) {
  const int by = std::min(static_cast<int>(i.immediate & 0xFF), 16);
  const Lanes<uint8_t> a = whole_source<uint8_t>(s, i, 1, i.vector_bytes);
  Lanes<uint8_t> r;
  for (int n = 0; n < 64; ++n) {
    const int from = kUp ? n - by : n + by;
    r[n] = from >= 0 && from / 16 == n / 16 ? a[from] : uint8_t{0};
  }
  write(s, i, r);
}

// 16 bytes from the 32 of operand 1 over operand 2.
void align_bytes(State& s, const Instruction& i) {
  const int by = static_cast<int>(i.immediate & 0xFF);
  const Lanes<uint8_t>& high = register_lanes<uint8_t>(s, i, 1);
  const Lanes<uint8_t> low = whole_source<uint8_t>(s, i, 2, i.vector_bytes);
  Lanes<uint8_t> r;
  for (int n = 0; n < 64; ++n) {
    const int part = n / 16 * 16, from = n % 16 + by;
    r[n] = from < 16 ? low[part + from] : from < 32 ? high[part + from - 16] : uint8_t{0};
  }
  write(s, i, r);
}

// The same over whole vectors, by lanes.
template <class T>
void align_lanes(State& s, const Instruction& i) {
  const int count = lane_count<T>(i), by = static_cast<int>(i.immediate) & (count - 1);
  const Lanes<T> high = register_lanes<T>(s, i, 1);
  const Lanes<T> low = whole_source<T>(s, i, 2, i.vector_bytes);
  Lanes<T> r{};
  for (int n = 0; n < count; ++n) r[n] = n + by < count ? low[n + by] : high[n + by - count];
  write(s, i, r);
}

constexpr Row kRows[] = {
    {ZYDIS_MNEMONIC_VPSLLW, &shift<uint16_t, kLeft>},
    {ZYDIS_MNEMONIC_VPSLLD, &shift<uint32_t, kLeft>},
    {ZYDIS_MNEMONIC_VPSLLQ, &shift<uint64_t, kLeft>},
    {ZYDIS_MNEMONIC_VPSRLW, &shift<uint16_t, kRight>},
    {ZYDIS_MNEMONIC_VPSRLD, &shift<uint32_t, kRight>},
    {ZYDIS_MNEMONIC_VPSRLQ, &shift<uint64_t, kRight>},
    {ZYDIS_MNEMONIC_VPSRAW, &shift<int16_t, kArithmetic>},
    {ZYDIS_MNEMONIC_VPSRAD, &shift<int32_t, kArithmetic>},
    {ZYDIS_MNEMONIC_VPSRAQ, &shift<int64_t, kArithmetic>},
    {ZYDIS_MNEMONIC_VPSLLVW, &shift_each<uint16_t, kLeft>},
    {ZYDIS_MNEMONIC_VPSLLVD, &shift_each<uint32_t, kLeft>},
    {ZYDIS_MNEMONIC_VPSLLVQ, &shift_each<uint64_t, kLeft>},
    {ZYDIS_MNEMONIC_VPSRLVW, &shift_each<uint16_t, kRight>},
    {ZYDIS_MNEMONIC_VPSRLVD, &shift_each<uint32_t, kRight>},
    {ZYDIS_MNEMONIC_VPSRLVQ, &shift_each<uint64_t, kRight>},
    {ZYDIS_MNEMONIC_VPSRAVW, &shift_each<int16_t, kArithmetic>},
    {ZYDIS_MNEMONIC_VPSRAVD, &shift_each<int32_t, kArithmetic>},
    {ZYDIS_MNEMONIC_VPSRAVQ, &shift_each<int64_t, kArithmetic>},
    {ZYDIS_MNEMONIC_VPSLLDQ, &shift_bytes<true>},
    {ZYDIS_MNEMONIC_VPSRLDQ, &shift_bytes<false>},
    {ZYDIS_MNEMONIC_VPALIGNR, &align_bytes},
    {ZYDIS_MNEMONIC_VALIGND, &align_lanes<uint32_t>},
    {ZYDIS_MNEMONIC_VALIGNQ, &align_lanes<uint64_t>},
};

}  // namespace

std::span<const Row> shift_rows() { return kRows; }

}  // namespace stoker::tests::emulator
