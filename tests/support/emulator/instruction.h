// A decoded instruction, and the tables that say what each mnemonic does.
#pragma once

#include <Zydis/Zydis.h>

#include <cstdint>
#include <span>

#include "tests/support/emulator/state.h"

namespace stoker::tests::emulator {

enum class Kind : uint8_t { kNone, kGpr, kVector, kMask, kTile, kMemory, kImmediate };

struct Operand {
  Kind kind;
  uint8_t index;   // of the register
  uint8_t bytes;   // 0 for tiles
  bool high_byte;  // AH, CH, DH, BH, numbered as AX to BX
};

struct Instruction;
using Handler = void (*)(State&, const Instruction&);

struct Instruction {
  uint64_t address;
  Handler run;
  Handler rounded;    // what `run` calls with another rounding mode, where one is encoded
  int64_t immediate;  // for a relative branch: where it goes
  int64_t displacement;
  Operand operand[4];  // without the opmask
  uint8_t bytes[15];
  uint8_t length;
  uint16_t mnemonic;
  int8_t base, index;    // of the memory operand, -1: none
  uint8_t scale;         // 1, 2, 4, 8
  bool fs;               // relative to the thread's block
  bool sib;              // the encoding has a SIB byte
  bool legacy;           // SSE encoding: keeps the upper part of its destination
  bool zeroing;          // lanes that `mask` leaves out become zero; else they stay
  bool broadcast;        // the memory operand is one element for all lanes
  uint8_t mask;          // number of the opmask; 0: none
  uint8_t vector_bytes;  // 16, 32, 64
  uint8_t rounding;      // 0: MXCSR decides, else 1 + MXCSR.RC
};

struct Row {
  ZydisMnemonic mnemonic;
  Handler run;
};

// One table a theme; together they are what can be emulated.
std::span<const Row> scalar_rows();
std::span<const Row> control_rows();
std::span<const Row> mask_rows();
std::span<const Row> move_rows();
std::span<const Row> broadcast_rows();
std::span<const Row> float_rows();
std::span<const Row> fma_rows();
std::span<const Row> compare_rows();
std::span<const Row> integer_rows();
std::span<const Row> shift_rows();
std::span<const Row> permute_rows();
std::span<const Row> shuffle_rows();
std::span<const Row> convert_rows();
std::span<const Row> half_rows();
std::span<const Row> tile_rows();

// The one instruction that Zydis 4.0 does not name.
void tdpfp16ps(State& s, const Instruction& i);

// The instruction at `address`. Prints it and aborts when it cannot be emulated.
Instruction decode(uint64_t address);

// What a debugger would show: the bytes and the instruction.
void print(uint64_t address);

// Prints the instruction and why, then aborts.
[[noreturn]] void refuse(const Instruction& i, const char* why);

}  // namespace stoker::tests::emulator
