// The registers of an x86-64 core, as far as generated code uses them.
#pragma once

#include <cstdint>
#include <cstring>

namespace stoker::tests::emulator {

// Numbers of registers are those of their encoding (Intel SDM vol. 2A, table 3-1).
constexpr int kRax = 0, kRcx = 1, kRdx = 2, kRsp = 4, kRdi = 7;

struct Flags {
  bool carry, parity, zero, sign, overflow;
};

// Palette 1: eight tiles of up to 16 rows of up to 64 bytes. Palette 0: not configured.
struct Tiles {
  uint8_t palette, start_row;
  uint16_t colsb[8];
  uint8_t rows[8];
  alignas(64) uint8_t data[8][16][64];
};

struct State {
  alignas(64) uint8_t vector[32][64];  // zmm; xmm and ymm are their beginnings
  uint64_t gpr[16];
  uint64_t rip;
  uint64_t k[8];
  Flags flags;
  int depth;  // calls entered since the start, minus returns
  Tiles* tiles;

  template <class T>
  T* lanes(int index) noexcept {
    return reinterpret_cast<T*>(vector[index]);
  }
  template <class T>
  const T* lanes(int index) const noexcept {
    return reinterpret_cast<const T*>(vector[index]);
  }
};

// Interpreted memory is the memory of this process: a bad address is a fault here too.
template <class T>
T load(uint64_t address) noexcept {
  T value;
  std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof(T));
  return value;
}
template <class T>
void store(uint64_t address, T value) noexcept {
  std::memcpy(reinterpret_cast<void*>(address), &value, sizeof(T));
}

}  // namespace stoker::tests::emulator
