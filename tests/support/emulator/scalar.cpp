// Moves and arithmetic of general-purpose registers.
#include "tests/support/emulator/scalar.h"

#include <bit>

namespace stoker::tests::emulator {
namespace {

void set_result_flags(State& s, uint64_t result, int bytes) {
  result = truncate(result, bytes);
  s.flags.zero = result == 0;
  s.flags.sign = sign_bit(result, bytes);
  s.flags.parity = std::popcount(result & 0xFF) % 2 == 0;
}

enum class Alu { kAdd, kSub, kAdc, kSbb, kCmp, kAnd, kOr, kXor, kTest };

uint64_t add(State& s, uint64_t a, uint64_t b, uint64_t carry, int bytes) {
  const uint64_t r = truncate(a + b + carry, bytes);
  s.flags.carry = carry ? r <= a : r < a;
  s.flags.overflow = sign_bit((a ^ r) & (b ^ r), bytes);
  return r;
}

uint64_t subtract(State& s, uint64_t a, uint64_t b, uint64_t borrow, int bytes) {
  const uint64_t r = truncate(a - b - borrow, bytes);
  s.flags.carry = borrow ? a <= b : a < b;
  s.flags.overflow = sign_bit((a ^ b) & (a ^ r), bytes);
  return r;
}

uint64_t logic(State& s, uint64_t result) {
  s.flags.carry = s.flags.overflow = false;
  return result;
}

template <Alu kAlu>
void alu(State& s, const Instruction& i) {
  const int bytes = i.operand[0].bytes;
  const uint64_t a = read(s, i, 0), b = truncate(read(s, i, 1), bytes);
  const uint64_t carry = s.flags.carry ? 1 : 0;
  uint64_t r = 0;
  switch (kAlu) {
    case Alu::kAdd:
      r = add(s, a, b, 0, bytes);
      break;
    case Alu::kAdc:
      r = add(s, a, b, carry, bytes);
      break;
    case Alu::kSub:
    case Alu::kCmp:
      r = subtract(s, a, b, 0, bytes);
      break;
    case Alu::kSbb:
      r = subtract(s, a, b, carry, bytes);
      break;
    case Alu::kAnd:
    case Alu::kTest:
      r = logic(s, a & b);
      break;
    case Alu::kOr:
      r = logic(s, a | b);
      break;
    case Alu::kXor:
      r = logic(s, a ^ b);
      break;
  }
  set_result_flags(s, r, bytes);
  if (kAlu != Alu::kCmp && kAlu != Alu::kTest) write(s, i, 0, r);
}

// INC and DEC leave the carry as it is.
template <int kBy>
void step(State& s, const Instruction& i) {
  const int bytes = i.operand[0].bytes;
  const bool carry = s.flags.carry;
  const uint64_t a = read(s, i, 0);
  const uint64_t r = kBy > 0 ? add(s, a, 1, 0, bytes) : subtract(s, a, 1, 0, bytes);
  s.flags.carry = carry;
  set_result_flags(s, r, bytes);
  write(s, i, 0, r);
}

void neg(State& s, const Instruction& i) {
  const int bytes = i.operand[0].bytes;
  const uint64_t r = subtract(s, 0, read(s, i, 0), 0, bytes);
  set_result_flags(s, r, bytes);
  write(s, i, 0, r);
}

void bit_not(State& s, const Instruction& i) { write(s, i, 0, ~read(s, i, 0)); }

void imul(State& s, const Instruction& i) {
  if (i.operand[1].kind == Kind::kNone) refuse(i, "IMUL of one operand");
  const int bytes = i.operand[0].bytes;
  const bool three = i.operand[2].kind != Kind::kNone;
  const int64_t a = sign_extend(read(s, i, three ? 1 : 0), bytes);
  const int64_t b = sign_extend(read(s, i, three ? 2 : 1), bytes);
  int64_t product = 0;
  const bool lost = __builtin_mul_overflow(a, b, &product);
  const auto r = static_cast<uint64_t>(product);
  s.flags.carry = s.flags.overflow = lost || sign_extend(truncate(r, bytes), bytes) != product;
  write(s, i, 0, r);
}

void mov(State& s, const Instruction& i) { write(s, i, 0, read(s, i, 1)); }

void movsx(State& s, const Instruction& i) {
  write(s, i, 0, static_cast<uint64_t>(sign_extend(read(s, i, 1), i.operand[1].bytes)));
}

void lea(State& s, const Instruction& i) { write(s, i, 0, address_of(s, i)); }

void xchg(State& s, const Instruction& i) {
  const uint64_t a = read(s, i, 0), b = read(s, i, 1);
  write(s, i, 0, b);
  write(s, i, 1, a);
}

enum class Shift { kLeft, kRight, kArithmetic };

template <Shift kShift>
uint64_t shifted(uint64_t a, int count, int bytes) {
  if (kShift == Shift::kArithmetic) {
    return static_cast<uint64_t>(sign_extend(a, bytes) >> count);
  }
  return kShift == Shift::kLeft ? a << count : a >> count;
}

template <Shift kShift>
void shift(State& s, const Instruction& i) {
  const int bytes = i.operand[0].bytes;
  const int count = static_cast<int>(read(s, i, 1)) & (bytes == 8 ? 63 : 31);
  if (count == 0) return;  // the flags stay too
  const uint64_t a = read(s, i, 0);
  const uint64_t before_last = shifted<kShift>(a, count - 1, bytes);
  const uint64_t r = truncate(shifted<kShift>(a, count, bytes), bytes);
  s.flags.carry = kShift == Shift::kLeft ? sign_bit(before_last, bytes) : before_last & 1;
  // Defined for a count of 1 only.
  s.flags.overflow = kShift == Shift::kLeft    ? sign_bit(r, bytes) != s.flags.carry
                     : kShift == Shift::kRight ? sign_bit(a, bytes)
                                               : false;
  set_result_flags(s, r, bytes);
  write(s, i, 0, r);
}

template <Shift kShift>
void shift_without_flags(State& s, const Instruction& i) {
  const int bytes = i.operand[0].bytes;
  const int count = static_cast<int>(read(s, i, 2)) & (bytes * 8 - 1);
  write(s, i, 0, shifted<kShift>(read(s, i, 1), count, bytes));
}

void bzhi(State& s, const Instruction& i) {
  const int bytes = i.operand[0].bytes;
  const int from = static_cast<int>(read(s, i, 2) & 0xFF);
  s.flags.carry = from > bytes * 8 - 1;
  s.flags.overflow = false;
  const uint64_t r =
      from >= bytes * 8 ? read(s, i, 1) : read(s, i, 1) & ((uint64_t{1} << from) - 1);
  set_result_flags(s, r, bytes);
  write(s, i, 0, r);
}

void andn(State& s, const Instruction& i) {
  const uint64_t r = logic(s, ~read(s, i, 1) & read(s, i, 2));
  set_result_flags(s, r, i.operand[0].bytes);
  write(s, i, 0, r);
}

enum class Count { kTrailing, kLeading, kOnes };

template <Count kCount>
void count_bits(State& s, const Instruction& i) {
  const int bits = i.operand[0].bytes * 8;
  const uint64_t a = read(s, i, 1);
  int r = std::popcount(a);
  if (kCount == Count::kTrailing) r = a == 0 ? bits : std::countr_zero(a);
  if (kCount == Count::kLeading) r = a == 0 ? bits : std::countl_zero(a) - (64 - bits);
  s.flags = {};
  s.flags.zero = r == 0;
  if (kCount != Count::kOnes) s.flags.carry = a == 0;
  if (kCount == Count::kOnes) s.flags.zero = a == 0;
  write(s, i, 0, static_cast<uint64_t>(r));
}

// The sign of the accumulator, through a register of that many bytes.
template <int kBytes>
void extend_accumulator(State& s, const Instruction&) {
  const auto value = static_cast<uint64_t>(sign_extend(s.gpr[kRax], kBytes / 2));
  s.gpr[kRax] = truncate(value, kBytes);
}

template <int kBytes>
void sign_to_rdx(State& s, const Instruction&) {
  s.gpr[kRdx] = sign_bit(s.gpr[kRax], kBytes) ? truncate(~uint64_t{0}, kBytes) : 0;
}

void nop(State&, const Instruction&) {}

constexpr Row kRows[] = {
    {ZYDIS_MNEMONIC_MOV, &mov},
    {ZYDIS_MNEMONIC_MOVZX, &mov},
    {ZYDIS_MNEMONIC_MOVSX, &movsx},
    {ZYDIS_MNEMONIC_MOVSXD, &movsx},
    {ZYDIS_MNEMONIC_LEA, &lea},
    {ZYDIS_MNEMONIC_XCHG, &xchg},
    {ZYDIS_MNEMONIC_ADD, &alu<Alu::kAdd>},
    {ZYDIS_MNEMONIC_ADC, &alu<Alu::kAdc>},
    {ZYDIS_MNEMONIC_SUB, &alu<Alu::kSub>},
    {ZYDIS_MNEMONIC_SBB, &alu<Alu::kSbb>},
    {ZYDIS_MNEMONIC_CMP, &alu<Alu::kCmp>},
    {ZYDIS_MNEMONIC_AND, &alu<Alu::kAnd>},
    {ZYDIS_MNEMONIC_OR, &alu<Alu::kOr>},
    {ZYDIS_MNEMONIC_XOR, &alu<Alu::kXor>},
    {ZYDIS_MNEMONIC_TEST, &alu<Alu::kTest>},
    {ZYDIS_MNEMONIC_INC, &step<1>},
    {ZYDIS_MNEMONIC_DEC, &step<-1>},
    {ZYDIS_MNEMONIC_NEG, &neg},
    {ZYDIS_MNEMONIC_NOT, &bit_not},
    {ZYDIS_MNEMONIC_IMUL, &imul},
    {ZYDIS_MNEMONIC_SHL, &shift<Shift::kLeft>},
    {ZYDIS_MNEMONIC_SHR, &shift<Shift::kRight>},
    {ZYDIS_MNEMONIC_SAR, &shift<Shift::kArithmetic>},
    {ZYDIS_MNEMONIC_SHLX, &shift_without_flags<Shift::kLeft>},
    {ZYDIS_MNEMONIC_SHRX, &shift_without_flags<Shift::kRight>},
    {ZYDIS_MNEMONIC_SARX, &shift_without_flags<Shift::kArithmetic>},
    {ZYDIS_MNEMONIC_BZHI, &bzhi},
    {ZYDIS_MNEMONIC_ANDN, &andn},
    {ZYDIS_MNEMONIC_TZCNT, &count_bits<Count::kTrailing>},
    {ZYDIS_MNEMONIC_LZCNT, &count_bits<Count::kLeading>},
    {ZYDIS_MNEMONIC_POPCNT, &count_bits<Count::kOnes>},
    {ZYDIS_MNEMONIC_CWDE, &extend_accumulator<4>},
    {ZYDIS_MNEMONIC_CDQE, &extend_accumulator<8>},
    {ZYDIS_MNEMONIC_CDQ, &sign_to_rdx<4>},
    {ZYDIS_MNEMONIC_CQO, &sign_to_rdx<8>},
    {ZYDIS_MNEMONIC_NOP, &nop},
    {ZYDIS_MNEMONIC_ENDBR64, &nop},
    {ZYDIS_MNEMONIC_SFENCE, &nop},
    {ZYDIS_MNEMONIC_LFENCE, &nop},
    {ZYDIS_MNEMONIC_MFENCE, &nop},
    {ZYDIS_MNEMONIC_PREFETCHNTA, &nop},
    {ZYDIS_MNEMONIC_PREFETCHT0, &nop},
    {ZYDIS_MNEMONIC_PREFETCHT1, &nop},
    {ZYDIS_MNEMONIC_PREFETCHT2, &nop},
    {ZYDIS_MNEMONIC_PREFETCHW, &nop},
};

}  // namespace

std::span<const Row> scalar_rows() { return kRows; }

uint64_t address_of(const State& s, const Instruction& i) noexcept {
  auto address = static_cast<uint64_t>(i.displacement);
  if (i.base >= 0) address += s.gpr[i.base];
  if (i.index >= 0) address += s.gpr[i.index] * i.scale;
  if (i.fs) {
    uint64_t block = 0;  // the first word of the thread's block is its own address (ELF TLS)
    asm("mov %%fs:0, %0" : "=r"(block));
    address += block;
  }
  return address;
}

uint64_t read(const State& s, const Instruction& i, int operand) {
  const Operand& o = i.operand[operand];
  if (o.kind == Kind::kImmediate) return static_cast<uint64_t>(i.immediate);
  if (o.kind == Kind::kGpr) return truncate(s.gpr[o.index] >> (o.high_byte ? 8 : 0), o.bytes);
  switch (o.bytes) {
    case 1:
      return load<uint8_t>(address_of(s, i));
    case 2:
      return load<uint16_t>(address_of(s, i));
    case 4:
      return load<uint32_t>(address_of(s, i));
    default:
      return load<uint64_t>(address_of(s, i));
  }
}

void write(State& s, const Instruction& i, int operand, uint64_t value) {
  const Operand& o = i.operand[operand];
  if (o.kind == Kind::kMemory) {
    std::memcpy(reinterpret_cast<void*>(address_of(s, i)), &value, o.bytes);
  } else if (o.bytes >= 4) {
    s.gpr[o.index] = truncate(value, o.bytes);  // 32 bits zero the upper half
  } else {
    const int at = o.high_byte ? 8 : 0;
    const uint64_t mask = truncate(~uint64_t{0}, o.bytes) << at;
    s.gpr[o.index] = (s.gpr[o.index] & ~mask) | (value << at & mask);
  }
}

}  // namespace stoker::tests::emulator
