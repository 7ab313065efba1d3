#include <xmmintrin.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/support/emulator/instruction.h"

namespace stoker::tests::emulator {
namespace {

using Table = std::array<Handler, ZYDIS_MNEMONIC_MAX_VALUE + 1>;

const Table& table() {
  static const Table handlers = [] {
    Table t{};
    for (const auto rows :
         {scalar_rows(), control_rows(), mask_rows(), move_rows(), broadcast_rows(), float_rows(),
          fma_rows(), compare_rows(), integer_rows(), shift_rows(), permute_rows(), shuffle_rows(),
          convert_rows(), half_rows(), tile_rows()}) {
      for (const Row& row : rows) t[row.mnemonic] = row.run;
    }
    return t;
  }();
  return handlers;
}

void with_rounding(State& s, const Instruction& i) {
  constexpr unsigned kControl = 0x6000;
  const unsigned before = _mm_getcsr();
  _mm_setcsr((before & ~kControl) | (i.rounding - 1u) << 13);
  i.rounded(s, i);
  _mm_setcsr(before);
}

struct Decoded {
  ZydisDecodedInstruction instruction;
  ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];

  explicit Decoded(uint64_t address) {
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ok = ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, reinterpret_cast<const void*>(address),
                                             ZYDIS_MAX_INSTRUCTION_LENGTH, &instruction, operands));
  }
  bool ok;
};

Operand register_operand(const ZydisDecodedOperand& from) {
  const ZydisRegister reg = from.reg.value;
  Operand to{Kind::kNone, static_cast<uint8_t>(ZydisRegisterGetId(reg)),
             static_cast<uint8_t>(from.size / 8), false};
  switch (ZydisRegisterGetClass(reg)) {
    case ZYDIS_REGCLASS_GPR8:
      to.kind = Kind::kGpr;
      to.high_byte = reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH;
      to.index = static_cast<uint8_t>(
          ZydisRegisterGetId(ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg)));
      break;
    case ZYDIS_REGCLASS_GPR16:
    case ZYDIS_REGCLASS_GPR32:
    case ZYDIS_REGCLASS_GPR64:
      to.kind = Kind::kGpr;
      break;
    case ZYDIS_REGCLASS_XMM:
    case ZYDIS_REGCLASS_YMM:
    case ZYDIS_REGCLASS_ZMM:
      to.kind = Kind::kVector;
      break;
    case ZYDIS_REGCLASS_MASK:
      to.kind = Kind::kMask;
      break;
    case ZYDIS_REGCLASS_TMM:
      to.kind = Kind::kTile;
      break;
    default:
      break;
  }
  return to;
}

int8_t address_register(ZydisRegister reg) {
  return reg == ZYDIS_REGISTER_NONE ? int8_t{-1} : static_cast<int8_t>(ZydisRegisterGetId(reg));
}

void take_memory(const Decoded& d, const ZydisDecodedOperand& from, Instruction& to) {
  if (d.instruction.address_width != 64) refuse(to, "an address of 32 bits");
  if (from.mem.type == ZYDIS_MEMOP_TYPE_VSIB) refuse(to, "a vector of addresses");
  to.fs = from.mem.segment == ZYDIS_REGISTER_FS;
  if (from.mem.segment == ZYDIS_REGISTER_GS) refuse(to, "a GS segment");
  to.displacement = from.mem.disp.value;
  to.base = -1;
  if (from.mem.base == ZYDIS_REGISTER_RIP) {
    to.displacement += static_cast<int64_t>(to.address + to.length);
  } else {
    to.base = address_register(from.mem.base);
  }
  to.index = address_register(from.mem.index);
  to.scale = from.mem.scale;
}

void take_operands(const Decoded& d, Instruction& to) {
  int count = 0;
  for (int n = 0; n < d.instruction.operand_count_visible; ++n) {
    const ZydisDecodedOperand& from = d.operands[n];
    if (from.encoding == ZYDIS_OPERAND_ENCODING_MASK) continue;
    if (count == 4) refuse(to, "five operands");
    Operand operand{Kind::kNone, 0, static_cast<uint8_t>(from.size / 8), false};
    if (from.type == ZYDIS_OPERAND_TYPE_REGISTER) {
      operand = register_operand(from);
    } else if (from.type == ZYDIS_OPERAND_TYPE_MEMORY) {
      operand.kind = Kind::kMemory;
      take_memory(d, from, to);
    } else if (from.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
      operand.kind = Kind::kImmediate;
      to.immediate = from.imm.value.s;
      if (from.imm.is_relative) to.immediate += static_cast<int64_t>(to.address + to.length);
    }
    to.operand[count++] = operand;
  }
}

void take_vector(const Decoded& d, Instruction& to) {
  const auto& avx = d.instruction.avx;
  to.legacy = d.instruction.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY;
  to.vector_bytes = to.legacy ? 16 : static_cast<uint8_t>(avx.vector_length / 8);
  if (avx.mask.mode > ZYDIS_MASK_MODE_DISABLED) {
    to.mask = static_cast<uint8_t>(ZydisRegisterGetId(avx.mask.reg));
  }
  to.zeroing =
      avx.mask.mode == ZYDIS_MASK_MODE_ZEROING || avx.mask.mode == ZYDIS_MASK_MODE_CONTROL_ZEROING;
  to.broadcast = avx.broadcast.mode != ZYDIS_BROADCAST_MODE_INVALID && !avx.broadcast.is_static;
  to.rounding = static_cast<uint8_t>(avx.rounding.mode);
}

// Zydis 4.0 does not know TDPFP16PS: C4 E2 [0 ~b 0 11] 5C [11 d a] (Intel SDM vol. 2, TDPFP16PS).
bool take_tdpfp16ps(Instruction& to) {
  uint8_t code[5];
  std::memcpy(code, reinterpret_cast<const void*>(to.address), sizeof(code));
  const bool is = code[0] == 0xC4 && (code[1] & 0xBF) == 0xA2 && (code[2] & 0xC7) == 0x43 &&
                  code[3] == 0x5C && code[4] >= 0xC0;
  if (!is) return false;
  to.length = 5;
  const int numbers[] = {code[4] >> 3 & 7, code[4] & 7, ~(code[2] >> 3) & 7};
  for (int n = 0; n < 3; ++n) {
    to.operand[n] = {Kind::kTile, static_cast<uint8_t>(numbers[n]), 0, false};
  }
  to.run = &tdpfp16ps;
  return true;
}

}  // namespace

void print(uint64_t address) {
  const Decoded d(address);
  char text[256] = "no instruction";
  if (d.ok) {
    ZydisFormatter formatter;
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    ZydisFormatterFormatInstruction(&formatter, &d.instruction, d.operands,
                                    d.instruction.operand_count_visible, text, sizeof(text),
                                    address, nullptr);
  }
  std::fprintf(stderr, "%#lx: %s\n ", static_cast<unsigned long>(address), text);
  const int length = d.ok ? d.instruction.length : 5;
  for (int n = 0; n < length; ++n) {
    std::fprintf(stderr, " %02x", load<uint8_t>(address + static_cast<uint64_t>(n)));
  }
  std::fprintf(stderr, "\n");
}

void refuse(const Instruction& i, const char* why) {
  std::fprintf(stderr, "emulator: %s\n", why);
  print(i.address);
  std::abort();
}

Instruction decode(uint64_t address) {
  Instruction i{};
  i.address = address;
  const Decoded d(address);
  if (!d.ok) {
    if (take_tdpfp16ps(i)) {
      std::memcpy(i.bytes, reinterpret_cast<const void*>(address), i.length);
      return i;
    }
    refuse(i, "not an instruction");
  }
  i.length = d.instruction.length;
  i.mnemonic = static_cast<uint16_t>(d.instruction.mnemonic);
  i.sib = d.instruction.raw.sib.offset != 0;
  std::memcpy(i.bytes, reinterpret_cast<const void*>(address), i.length);
  i.run = table()[d.instruction.mnemonic];
  if (i.run == nullptr) refuse(i, "unknown instruction");
  take_operands(d, i);
  take_vector(d, i);
  if (i.rounding != 0) {
    i.rounded = i.run;
    i.run = &with_rounding;
  }
  return i;
}

}  // namespace stoker::tests::emulator
