// bf16 and fp16: conversions and products.
#include <xmmintrin.h>

#include <bit>

#include "tests/support/emulator/fma.h"
#include "tests/support/emulator/half.h"
#include "tests/support/emulator/lanes.h"

namespace stoker::tests::emulator {
namespace {

// Denormals become zeros and NaNs quiet (Intel SDM vol. 2, VCVTNEPS2BF16).
uint16_t to_bf16(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  if (x != x) return static_cast<uint16_t>(bits >> 16 | 0x40);
  if ((bits & 0x7F800000u) == 0) return static_cast<uint16_t>(bits >> 16 & 0x8000);
  return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

float from_bf16(uint16_t x) { return std::bit_cast<float>(static_cast<uint32_t>(x) << 16); }

// Nearest even; too large becomes infinity.
uint16_t to_f16(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  const uint32_t magnitude = bits & 0x7FFFFFFF;
  if (magnitude > 0x7F800000)
    return static_cast<uint16_t>(sign | 0x7E00 | (magnitude >> 13 & 0x3FF));
  if (magnitude >= 0x477FF000) return static_cast<uint16_t>(sign | 0x7C00);  // 65520 and more
  if (magnitude < 0x38800000) {
    // Below 2^-14 the result counts multiples of 2^-24; adding 1.5 * 2^-1 rounds to those.
    const float rounded = std::bit_cast<float>(magnitude) + 0.75f;
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(rounded) & 0x7FFF));
  }
  const uint32_t odd = magnitude >> 13 & 1;
  return static_cast<uint16_t>(sign | ((magnitude + 0xFFF + odd - 0x38000000) >> 13));
}

void narrow_to_bf16(State& s, const Instruction& i) {
  const Lanes<float> a = source<float>(s, i, 1);
  Lanes<uint16_t> r{};
  for (int n = 0; n < 16; ++n) r[n] = to_bf16(a[n]);
  write(s, i, r, lane_count<float>(i));
}

// Operand 2 gives the lower half.
void narrow_two_to_bf16(State& s, const Instruction& i) {
  const Lanes<float>& high = register_lanes<float>(s, i, 1);
  const Lanes<float> low = whole_source<float>(s, i, 2, i.vector_bytes);
  const int count = lane_count<float>(i);
  Lanes<uint16_t> r{};
  for (int n = 0; n < count; ++n) {
    r[n] = to_bf16(low[n]);
    r[n + count] = to_bf16(high[n]);
  }
  write(s, i, r);
}

class Bf16Control {
 public:
  Bf16Control() : before_(_mm_getcsr()) { _mm_setcsr(kBf16Control); }
  ~Bf16Control() { _mm_setcsr(before_); }

 private:
  unsigned before_;
};

// The odd products first, each addition rounded: what AMD's Zen 5 does, bit for bit, and what the
// manual's pseudo-code says.
void dot_bf16(State& s, const Instruction& i) {
  const Lanes<uint32_t>& a = register_lanes<uint32_t>(s, i, 1);
  const Lanes<uint32_t> b = source<uint32_t>(s, i, 2);
  Lanes<float> r = register_lanes<float>(s, i, 0);
  const Bf16Control control;
  for (const int shift : {16, 0}) {
    Lanes<float> x, y;
    for (int n = 0; n < 16; ++n) {
      x[n] = from_bf16(static_cast<uint16_t>(a[n] >> shift));
      y[n] = from_bf16(static_cast<uint16_t>(b[n] >> shift));
    }
    fma16(r.v, x.v, y.v, r.v);
  }
  write(s, i, r);
}

void widen_f16(State& s, const Instruction& i) {
  const Lanes<uint16_t> a = source<uint16_t>(s, i, 1, lane_count<float>(i));
  Lanes<float> r{};
  for (int n = 0; n < lane_count<float>(i); ++n) r[n] = from_f16(a[n]);
  write(s, i, r);
}

void narrow_to_f16(State& s, const Instruction& i) {
  constexpr int64_t kNearestEven = 0, kByControl = 4;  // MXCSR says nearest even as well
  if ((i.immediate & 7) != kNearestEven && (i.immediate & 7) != kByControl) {
    refuse(i, "a rounding mode of VCVTPS2PH");
  }
  const Lanes<float>& a = register_lanes<float>(s, i, 1);
  Lanes<uint16_t> r{};
  for (int n = 0; n < 16; ++n) r[n] = to_f16(a[n]);
  write(s, i, r, lane_count<float>(i));
}

constexpr Row kRows[] = {
    {ZYDIS_MNEMONIC_VCVTNEPS2BF16, &narrow_to_bf16},
    {ZYDIS_MNEMONIC_VCVTNE2PS2BF16, &narrow_two_to_bf16},
    {ZYDIS_MNEMONIC_VDPBF16PS, &dot_bf16},
    {ZYDIS_MNEMONIC_VCVTPH2PS, &widen_f16},
    {ZYDIS_MNEMONIC_VCVTPS2PH, &narrow_to_f16},
};

}  // namespace

float from_f16(uint16_t x) {
  const uint32_t sign = static_cast<uint32_t>(x & 0x8000) << 16;
  const uint32_t magnitude = x & 0x7FFFu;
  if (magnitude >= 0x7C00) {
    const uint32_t quiet = magnitude > 0x7C00 ? 0x400000 : 0;
    return std::bit_cast<float>(sign | 0x7F800000 | (magnitude & 0x3FF) << 13 | quiet);
  }
  if (magnitude < 0x400) {  // a multiple of 2^-24
    const float value = static_cast<float>(magnitude) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<uint32_t>(value) | sign);
  }
  return std::bit_cast<float>(sign | ((magnitude << 13) + 0x38000000));
}

std::span<const Row> half_rows() { return kRows; }

}  // namespace stoker::tests::emulator
