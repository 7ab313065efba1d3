// Vector operands as arrays of lanes: masking, zeroing, broadcast and fault suppression in one
// place. Operations compute all 64 bytes, whatever the vector length: loops of constant length are
// vectorised, and what is past the length is not written.
#pragma once

#include <cstdint>
#include <cstring>

#include "tests/support/emulator/instruction.h"

namespace stoker::tests::emulator {

template <class T>
constexpr int kLanes = 64 / static_cast<int>(sizeof(T));

template <class T>
struct alignas(64) Lanes {
  T v[kLanes<T>];
  T& operator[](int n) noexcept { return v[n]; }
  const T& operator[](int n) const noexcept { return v[n]; }
};

uint64_t address_of(const State& s, const Instruction& i) noexcept;

template <class T>
int lane_count(const Instruction& i) noexcept {
  return i.vector_bytes / static_cast<int>(sizeof(T));
}

inline uint64_t low_bits(int count) noexcept {
  return count >= 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
}

// Bit n: is lane n written?
inline uint64_t selected(const State& s, const Instruction& i) noexcept {
  return i.mask == 0 ? ~uint64_t{0} : s.k[i.mask];
}

// 16, 32 or 64 bytes without a call of memcpy; others with one.
inline void copy_vector(void* to, const void* from, int bytes) noexcept {
  switch (bytes) {
    case 64:
      std::memcpy(to, from, 64);
      break;
    case 32:
      std::memcpy(to, from, 32);
      break;
    case 16:
      std::memcpy(to, from, 16);
      break;
    default:
      std::memcpy(to, from, static_cast<size_t>(bytes));
  }
}

// `count` elements; those not selected are not touched in memory and are zero.
template <class T>
Lanes<T> load_lanes(uint64_t address, int count, uint64_t selected) noexcept {
  Lanes<T> to{};
  const auto* from = reinterpret_cast<const char*>(address);
  if ((~selected & low_bits(count)) == 0) {
    copy_vector(to.v, from, count * static_cast<int>(sizeof(T)));
    return to;
  }
  for (int n = 0; n < count; ++n) {
    if (selected >> n & 1) std::memcpy(&to.v[n], from + n * sizeof(T), sizeof(T));
  }
  return to;
}

template <class T>
void store_lanes(uint64_t address, const T* from, int count, uint64_t selected) noexcept {
  auto* to = reinterpret_cast<char*>(address);
  if ((~selected & low_bits(count)) == 0) {
    copy_vector(to, from, count * static_cast<int>(sizeof(T)));
    return;
  }
  for (int n = 0; n < count; ++n) {
    if (selected >> n & 1) std::memcpy(to + n * sizeof(T), &from[n], sizeof(T));
  }
}

template <class T>
const Lanes<T>& register_lanes(const State& s, const Instruction& i, int operand) noexcept {
  return *reinterpret_cast<const Lanes<T>*>(s.vector[i.operand[operand].index]);
}

// A source of `count` lanes (default: the vector length). In memory: only what is selected.
template <class T>
Lanes<T> source(const State& s, const Instruction& i, int operand, int count = -1) noexcept {
  if (i.operand[operand].kind == Kind::kVector) return register_lanes<T>(s, i, operand);
  if (count < 0) count = lane_count<T>(i);
  const uint64_t lanes = selected(s, i) & low_bits(count);
  if (!i.broadcast) return load_lanes<T>(address_of(s, i), count, lanes);
  Lanes<T> to{};
  if (lanes == 0) return to;
  const T value = load<T>(address_of(s, i));
  for (T& lane : to.v) lane = value;
  return to;
}

// A source in memory that is read whole whatever the mask: instructions whose lanes mix (exception
// types that end in NF, Intel SDM vol. 2A, 2.8).
template <class T>
Lanes<T> whole_source(const State& s, const Instruction& i, int operand, int bytes) noexcept {
  if (i.operand[operand].kind == Kind::kVector) return register_lanes<T>(s, i, operand);
  if (i.broadcast) {
    Lanes<T> to;
    const T value = load<T>(address_of(s, i));
    for (T& lane : to.v) lane = value;
    return to;
  }
  return load_lanes<T>(address_of(s, i), bytes / static_cast<int>(sizeof(T)), ~uint64_t{0});
}

// Destination operand 0: `count` lanes under the mask, and zero what is above (VEX, EVEX).
template <class T>
void write(State& s, const Instruction& i, const Lanes<T>& result, int count) noexcept {
  const uint64_t lanes = selected(s, i);
  if (i.operand[0].kind == Kind::kMemory) {
    store_lanes<T>(address_of(s, i), result.v, count, lanes);
    return;
  }
  T* to = s.lanes<T>(i.operand[0].index);
  const int bytes = count * static_cast<int>(sizeof(T));
  if (i.mask == 0) {
    copy_vector(to, result.v, bytes);
  } else {
    for (int n = 0; n < count; ++n) {
      if (lanes >> n & 1) {
        to[n] = result[n];
      } else if (i.zeroing) {
        to[n] = T();
      }
    }
  }
  if (!i.legacy) std::memset(reinterpret_cast<char*>(to) + bytes, 0, 64 - size_t(bytes));
}

template <class T>
void write(State& s, const Instruction& i, const Lanes<T>& result) noexcept {
  write(s, i, result, lane_count<T>(i));
}

// Destination operand 0 is an opmask: what is not selected is 0.
template <class T>
void write_mask(State& s, const Instruction& i, uint64_t bits) noexcept {
  s.k[i.operand[0].index] = bits & low_bits(lane_count<T>(i)) & selected(s, i);
}

// Operand 0 <- operation(operand 1), lane by lane.
template <class T, auto kOperation>
void unary(State& s, const Instruction& i) {
  const Lanes<T> a = source<T>(s, i, 1);
  Lanes<T> r;
  for (int n = 0; n < kLanes<T>; ++n) r[n] = static_cast<T>(kOperation(a[n]));
  write(s, i, r);
}

// Operand 0 <- operation(operand 1, operand 2). SSE encodings have operand 0 for the first.
template <class T, auto kOperation>
void binary(State& s, const Instruction& i) {
  const Lanes<T>& a = register_lanes<T>(s, i, i.legacy ? 0 : 1);
  const Lanes<T> b = source<T>(s, i, i.legacy ? 1 : 2);
  Lanes<T> r;
  for (int n = 0; n < kLanes<T>; ++n) r[n] = static_cast<T>(kOperation(a[n], b[n]));
  write(s, i, r);
}

// Lane 0 of a scalar instruction; lanes up to 128 bits come from operand 1.
template <class T>
void write_scalar(State& s, const Instruction& i, T value) noexcept {
  Lanes<T> r = register_lanes<T>(s, i, 1);
  if (selected(s, i) & 1) {
    r[0] = value;
  } else {
    r[0] = i.zeroing ? T() : s.lanes<T>(i.operand[0].index)[0];
  }
  T* to = s.lanes<T>(i.operand[0].index);
  std::memcpy(to, r.v, 16);
  std::memset(reinterpret_cast<char*>(to) + 16, 0, 48);
}

// Lane 0 of a source; memory is read only where it is selected.
template <class T>
T scalar_source(const State& s, const Instruction& i, int operand) noexcept {
  return source<T>(s, i, operand, 1)[0];
}

}  // namespace stoker::tests::emulator
