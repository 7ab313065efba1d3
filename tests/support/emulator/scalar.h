// General-purpose operands: registers of 1 to 8 bytes, memory, immediates.
#pragma once

#include <cstdint>

#include "tests/support/emulator/lanes.h"

namespace stoker::tests::emulator {

inline uint64_t truncate(uint64_t value, int bytes) noexcept {
  return bytes == 8 ? value : value & ((uint64_t{1} << bytes * 8) - 1);
}
inline bool sign_bit(uint64_t value, int bytes) noexcept {
  return (value >> (bytes * 8 - 1) & 1) != 0;
}
inline int64_t sign_extend(uint64_t value, int bytes) noexcept {
  const int unused = 64 - bytes * 8;
  return static_cast<int64_t>(value << unused) >> unused;
}

// Zero-extended to 64 bits; immediates are sign-extended as the instruction does it.
uint64_t read(const State& s, const Instruction& i, int operand);
void write(State& s, const Instruction& i, int operand, uint64_t value);

}  // namespace stoker::tests::emulator
