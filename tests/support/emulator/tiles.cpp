// AMX (Intel SDM vol. 1, 18; vol. 2, the instructions). Stricter than hardware: what would be #UD
// or #GP there, or is reserved, ends the test with the instruction printed.
#include <xmmintrin.h>

#include <algorithm>
#include <cstring>

#include "tests/support/emulator/fma.h"
#include "tests/support/emulator/half.h"
#include "tests/support/emulator/lanes.h"

namespace stoker::tests::emulator {
namespace {

// The 64 bytes that LDTILECFG reads.
struct Layout {
  uint8_t palette, start_row, reserved[14];
  uint16_t colsb[16];
  uint8_t rows[16];
};
static_assert(sizeof(Layout) == 64);

void ldtilecfg(State& s, const Instruction& i) {
  const auto c = load<Layout>(address_of(s, i));
  *s.tiles = {};
  if (c.palette == 0) return;
  if (c.palette != 1) refuse(i, "a palette that is neither 0 nor 1");
  const auto zero = [](uint64_t x) { return x == 0; };
  if (!std::all_of(c.reserved, c.reserved + 14, zero) ||
      !std::all_of(c.colsb + 8, c.colsb + 16, zero) ||
      !std::all_of(c.rows + 8, c.rows + 16, zero)) {
    refuse(i, "a reserved byte of the tile configuration is not zero");
  }
  for (int t = 0; t < 8; ++t) {
    if (c.rows[t] > 16 || c.colsb[t] > 64) refuse(i, "a tile larger than 16 rows of 64 bytes");
    if ((c.rows[t] == 0) != (c.colsb[t] == 0)) refuse(i, "a tile with rows or columns only");
    s.tiles->rows[t] = c.rows[t];
    s.tiles->colsb[t] = c.colsb[t];
  }
  s.tiles->palette = 1;
  s.tiles->start_row = c.start_row;
}

void sttilecfg(State& s, const Instruction& i) {
  Layout c{};
  c.palette = s.tiles->palette;
  c.start_row = s.tiles->start_row;
  std::copy_n(s.tiles->colsb, 8, c.colsb);
  std::copy_n(s.tiles->rows, 8, c.rows);
  store(address_of(s, i), c);
}

void tilerelease(State& s, const Instruction&) { *s.tiles = {}; }

struct Tile {
  int rows, colsb;
  uint8_t (*data)[64];
};

Tile tile(const State& s, const Instruction& i, int operand) {
  const int number = i.operand[operand].index;
  if (s.tiles->palette == 0) refuse(i, "tiles are not configured");
  if (s.tiles->rows[number] == 0) refuse(i, "this tile is not configured");
  return {s.tiles->rows[number], s.tiles->colsb[number], s.tiles->data[number]};
}

void tilezero(State& s, const Instruction& i) {
  std::memset(tile(s, i, 0).data, 0, sizeof(s.tiles->data[0]));
}

// Rows are `index << scale` bytes apart: the SIB byte is not an address as elsewhere.
struct Rows {
  uint64_t base, stride;

  Rows(const State& s, const Instruction& i)
      : base(static_cast<uint64_t>(i.displacement)), stride(0) {
    if (!i.sib) refuse(i, "a tile in memory without a SIB byte");
    if (i.base >= 0) base += s.gpr[i.base];
    if (i.index >= 0) stride = s.gpr[i.index] * i.scale;
  }
  uint64_t at(int row) const { return base + static_cast<uint64_t>(row) * stride; }
};

void tileloadd(State& s, const Instruction& i) {
  const Tile t = tile(s, i, 0);
  const Rows rows(s, i);
  if (t.colsb % 4 != 0) refuse(i, "a row of a part of a word");
  if (s.tiles->start_row != 0) refuse(i, "a load that begins in the middle");
  std::memset(t.data, 0, sizeof(s.tiles->data[0]));
  for (int row = 0; row < t.rows; ++row) {
    std::memcpy(t.data[row], reinterpret_cast<const void*>(rows.at(row)), size_t(t.colsb));
  }
}

void tilestored(State& s, const Instruction& i) {
  const Tile t = tile(s, i, 1);
  const Rows rows(s, i);
  if (t.colsb % 4 != 0) refuse(i, "a row of a part of a word");
  for (int row = 0; row < t.rows; ++row) {
    std::memcpy(reinterpret_cast<void*>(rows.at(row)), t.data[row], size_t(t.colsb));
  }
}

struct Product {
  Tile d, a, b;
  int words;  // of a row of A: rows of B

  Product(const State& s, const Instruction& i)
      : d(tile(s, i, 0)), a(tile(s, i, 1)), b(tile(s, i, 2)), words(a.colsb / 4) {
    if (d.data == a.data || d.data == b.data || a.data == b.data) {
      refuse(i, "the same tile twice");
    }
    if (a.colsb % 4 != 0 || d.colsb % 4 != 0) refuse(i, "a row of a part of a word");
    if (d.rows != a.rows || d.colsb != b.colsb || words != b.rows) {
      refuse(i, "tiles whose shapes do not fit");
    }
  }
};

float word_of_bf16(const uint8_t* at) {
  uint16_t half;
  std::memcpy(&half, at, 2);
  const uint32_t bits = static_cast<uint32_t>(half) << 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}
float word_of_f16(const uint8_t* at) {
  uint16_t half;
  std::memcpy(&half, at, 2);
  return from_f16(half);
}

// Even and odd k are summed apart from zero, then together, then added to D.
template <float (*kElement)(const uint8_t*)>
void dot_halves(State& s, const Instruction& i) {
  const Product p(s, i);
  const unsigned before = _mm_getcsr();
  for (int m = 0; m < p.d.rows; ++m) {
    alignas(64) float sums[2][16] = {}, x[16], y[16] = {}, d[16] = {};
    _mm_setcsr(kBf16Control);
    for (int k = 0; k < p.words; ++k) {
      for (int odd = 0; odd < 2; ++odd) {
        std::fill_n(x, 16, kElement(p.a.data[m] + k * 4 + odd * 2));
        for (int n = 0; n < p.d.colsb / 4; ++n) y[n] = kElement(p.b.data[k] + n * 4 + odd * 2);
        fma16(sums[odd], x, y, sums[odd]);
      }
    }
    std::memcpy(d, p.d.data[m], size_t(p.d.colsb));
    for (int n = 0; n < 16; ++n) d[n] += sums[0][n] + sums[1][n];
    _mm_setcsr(before);
    std::memcpy(p.d.data[m], d, size_t(p.d.colsb));
  }
}

// Sums wrap around.
template <class A, class B>
void dot_bytes(State& s, const Instruction& i) {
  const Product p(s, i);
  for (int m = 0; m < p.d.rows; ++m) {
    for (int n = 0; n < p.d.colsb / 4; ++n) {
      uint32_t sum;
      std::memcpy(&sum, p.d.data[m] + n * 4, 4);
      for (int k = 0; k < p.words * 4; ++k) {
        const int32_t a = static_cast<A>(p.a.data[m][k]);
        const int32_t b = static_cast<B>(p.b.data[k / 4][n * 4 + k % 4]);
        sum += static_cast<uint32_t>(a * b);
      }
      std::memcpy(p.d.data[m] + n * 4, &sum, 4);
    }
  }
}

constexpr Row kRows[] = {
    {ZYDIS_MNEMONIC_LDTILECFG, &ldtilecfg},
    {ZYDIS_MNEMONIC_STTILECFG, &sttilecfg},
    {ZYDIS_MNEMONIC_TILERELEASE, &tilerelease},
    {ZYDIS_MNEMONIC_TILEZERO, &tilezero},
    {ZYDIS_MNEMONIC_TILELOADD, &tileloadd},
    {ZYDIS_MNEMONIC_TILELOADDT1, &tileloadd},
    {ZYDIS_MNEMONIC_TILESTORED, &tilestored},
    {ZYDIS_MNEMONIC_TDPBF16PS, &dot_halves<&word_of_bf16>},
    {ZYDIS_MNEMONIC_TDPBSSD, &dot_bytes<int8_t, int8_t>},
    {ZYDIS_MNEMONIC_TDPBSUD, &dot_bytes<int8_t, uint8_t>},
    {ZYDIS_MNEMONIC_TDPBUSD, &dot_bytes<uint8_t, int8_t>},
    {ZYDIS_MNEMONIC_TDPBUUD, &dot_bytes<uint8_t, uint8_t>},
};

}  // namespace

void tdpfp16ps(State& s, const Instruction& i) { dot_halves<&word_of_f16>(s, i); }

std::span<const Row> tile_rows() { return kRows; }

}  // namespace stoker::tests::emulator
