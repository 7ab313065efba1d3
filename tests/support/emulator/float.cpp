// Arithmetic in fp32. Rounding and denormals follow MXCSR, as the compiled operations here do.
#include <emmintrin.h>
#include <xmmintrin.h>

#include <bit>
#include <cmath>
#include <limits>

#include "tests/support/emulator/lanes.h"

namespace stoker::tests::emulator {
namespace {

constexpr auto kAdd = [](float a, float b) { return a + b; };
constexpr auto kSubtract = [](float a, float b) { return a - b; };
constexpr auto kMultiply = [](float a, float b) { return a * b; };
constexpr auto kDivide = [](float a, float b) { return a / b; };
// The second operand where they are equal (zeros) or one is a NaN.
constexpr auto kMaximum = [](float a, float b) { return a > b ? a : b; };
constexpr auto kMinimum = [](float a, float b) { return a < b ? a : b; };

float square_root(float a) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(a))); }
constexpr auto kRoot = [](float a) { return square_root(a); };

template <auto kOperation>
void scalar(State& s, const Instruction& i) {
  const float a = register_lanes<float>(s, i, 1)[0];
  write_scalar<float>(s, i, kOperation(a, scalar_source<float>(s, i, 2)));
}

constexpr float kInf = std::numeric_limits<float>::infinity();

float quiet(float a) { return std::bit_cast<float>(std::bit_cast<uint32_t>(a) | 0x400000u); }

bool is_denormal(float a) { return a != 0 && std::fabs(a) < std::numeric_limits<float>::min(); }

// `a` with a significand of that many bits after the point.
float round_significand(float a, int bits) {
  const int dropped = 23 - bits;
  const uint32_t word = std::bit_cast<uint32_t>(a);
  if ((word & 0x7F800000u) == 0x7F800000u) return a;
  const uint32_t half = 1u << (dropped - 1);
  return std::bit_cast<float>((word + half) & ~((1u << dropped) - 1));
}

// The manuals promise a relative error of 2^-14; 2^-15 remains here, so that a kernel without its
// Newton step fails a test. The bits are neither Intel's nor AMD's, which differ as well.
float reciprocal14(float a) {
  if (std::isnan(a)) return quiet(a);
  return round_significand(static_cast<float>(1.0 / static_cast<double>(a)), 14);
}
float reciprocal_root14(float a) {
  if (std::isnan(a)) return quiet(a);
  return round_significand(static_cast<float>(1.0 / std::sqrt(static_cast<double>(a))), 14);
}

// VRCPPS, VRSQRTPS: 1.5 * 2^-12; denormals are zeros on both sides.
float flush(float a) { return is_denormal(a) ? std::copysign(0.0f, a) : a; }
float reciprocal12(float a) {
  if (std::isnan(a)) return quiet(a);
  return flush(round_significand(1.0f / flush(a), 12));
}
float reciprocal_root12(float a) {
  if (std::isnan(a)) return quiet(a);
  return round_significand(static_cast<float>(1.0 / std::sqrt(static_cast<double>(flush(a)))), 12);
}
constexpr auto kReciprocal14 = [](float a) { return reciprocal14(a); };
constexpr auto kReciprocalRoot14 = [](float a) { return reciprocal_root14(a); };
constexpr auto kReciprocal12 = [](float a) { return reciprocal12(a); };
constexpr auto kReciprocalRoot12 = [](float a) { return reciprocal_root12(a); };

bool is_signaling(float a) { return std::isnan(a) && !(std::bit_cast<uint32_t>(a) & 0x400000u); }

// a * 2^floor(b); special cases by Intel SDM vol. 2, VSCALEFPS, table of special cases.
float scale(float a, float b) {
  if (std::isnan(a)) {
    if (is_signaling(a) || !std::isinf(b)) return quiet(a);
    return b > 0 ? kInf : 0.0f;
  }
  if (std::isnan(b)) return quiet(b);
  if (std::isinf(b)) {
    const bool invalid = b > 0 ? a == 0 : std::isinf(a);
    if (invalid) return std::bit_cast<float>(0xFFC00000u);
    return std::copysign(b > 0 ? kInf : 0.0f, a);
  }
  const float power = std::fmin(std::fmax(std::floor(b), -600.0f), 600.0f);
  // In double no step overflows or rounds, so the conversion is the one rounding.
  return static_cast<float>(std::ldexp(static_cast<double>(a), static_cast<int>(power)));
}
constexpr auto kScale = [](float a, float b) { return scale(a, b); };

// floor(log2 |a|)
float exponent(float a) {
  if (std::isnan(a)) return quiet(a);
  if (a == 0) return -kInf;
  return std::isinf(a) ? kInf : static_cast<float>(std::ilogb(a));
}
constexpr auto kExponent = [](float a) { return exponent(a); };

// To a whole number; mode as in MXCSR.RC.
double round_whole(double a, unsigned mode) {
  const double below = std::floor(a), rest = a - below;
  double r = below;
  switch (mode) {
    case 0: {
      const bool odd = std::fmod(below, 2.0) != 0;
      r = rest > 0.5 || (rest == 0.5 && odd) ? below + 1 : below;
      break;
    }
    case 1:
      break;
    case 2:
      r = std::ceil(a);
      break;
    default:
      r = std::trunc(a);
  }
  return std::copysign(r, a);
}

// Immediate: bits 7:4 binary places that stay, bit 2 takes the mode from MXCSR, else bits 1:0.
void round_scale(State& s, const Instruction& i) {
  const auto control = static_cast<unsigned>(i.immediate);
  const unsigned mode = control & 4 ? _mm_getcsr() >> 13 & 3 : control & 3;
  const double places = std::ldexp(1.0, static_cast<int>(control >> 4 & 15));
  const Lanes<float> a = source<float>(s, i, 1);
  Lanes<float> r;
  for (int n = 0; n < 16; ++n) {
    if (std::isnan(a[n]) || std::isinf(a[n])) {
      r[n] = std::isnan(a[n]) ? quiet(a[n]) : a[n];
    } else {
      r[n] = static_cast<float>(round_whole(static_cast<double>(a[n]) * places, mode) / places);
    }
  }
  write(s, i, r);
}

// Conversions between fp32 and int32, four lanes at a time by SSE2.
template <class To, class From, auto kConvert>
void convert(State& s, const Instruction& i) {
  const Lanes<From> a = source<From>(s, i, 1);
  Lanes<To> r;
  for (int n = 0; n < 16; n += 4) kConvert(&r[n], &a[n]);
  write(s, i, r);
}
void store_int(int32_t* to, __m128i value) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), value);
}
constexpr auto kRound = [](int32_t* to, const float* from) {
  store_int(to, _mm_cvtps_epi32(_mm_loadu_ps(from)));
};
constexpr auto kTruncate = [](int32_t* to, const float* from) {
  store_int(to, _mm_cvttps_epi32(_mm_loadu_ps(from)));
};
constexpr auto kToFloat = [](float* to, const int32_t* from) {
  _mm_storeu_ps(to, _mm_cvtepi32_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
};

constexpr Row kRows[] = {
    {ZYDIS_MNEMONIC_VADDPS, &binary<float, kAdd>},
    {ZYDIS_MNEMONIC_VSUBPS, &binary<float, kSubtract>},
    {ZYDIS_MNEMONIC_VMULPS, &binary<float, kMultiply>},
    {ZYDIS_MNEMONIC_VDIVPS, &binary<float, kDivide>},
    {ZYDIS_MNEMONIC_VMAXPS, &binary<float, kMaximum>},
    {ZYDIS_MNEMONIC_VMINPS, &binary<float, kMinimum>},
    {ZYDIS_MNEMONIC_VSQRTPS, &unary<float, kRoot>},
    {ZYDIS_MNEMONIC_VADDSS, &scalar<kAdd>},
    {ZYDIS_MNEMONIC_VSUBSS, &scalar<kSubtract>},
    {ZYDIS_MNEMONIC_VMULSS, &scalar<kMultiply>},
    {ZYDIS_MNEMONIC_VDIVSS, &scalar<kDivide>},
    {ZYDIS_MNEMONIC_VMAXSS, &scalar<kMaximum>},
    {ZYDIS_MNEMONIC_VMINSS, &scalar<kMinimum>},
    {ZYDIS_MNEMONIC_VSQRTSS, &scalar<[](float, float b) { return square_root(b); }>},
    {ZYDIS_MNEMONIC_VRCP14PS, &unary<float, kReciprocal14>},
    {ZYDIS_MNEMONIC_VRSQRT14PS, &unary<float, kReciprocalRoot14>},
    {ZYDIS_MNEMONIC_VRCPPS, &unary<float, kReciprocal12>},
    {ZYDIS_MNEMONIC_VRSQRTPS, &unary<float, kReciprocalRoot12>},
    {ZYDIS_MNEMONIC_VSCALEFPS, &binary<float, kScale>},
    {ZYDIS_MNEMONIC_VSCALEFSS, &scalar<kScale>},
    {ZYDIS_MNEMONIC_VGETEXPPS, &unary<float, kExponent>},
    {ZYDIS_MNEMONIC_VRNDSCALEPS, &round_scale},
    {ZYDIS_MNEMONIC_VROUNDPS, &round_scale},
    {ZYDIS_MNEMONIC_VCVTPS2DQ, &convert<int32_t, float, kRound>},
    {ZYDIS_MNEMONIC_VCVTTPS2DQ, &convert<int32_t, float, kTruncate>},
    {ZYDIS_MNEMONIC_VCVTDQ2PS, &convert<float, int32_t, kToFloat>},
};

}  // namespace

std::span<const Row> float_rows() { return kRows; }

}  // namespace stoker::tests::emulator
