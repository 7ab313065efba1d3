#include "tests/support/emulator/fma.h"

#include <immintrin.h>

#include <cmath>

#include "tests/support/emulator/lanes.h"

namespace stoker::tests::emulator {
namespace {

__attribute__((target("fma,avx2"))) void fma16_hardware(float* r, const float* x, const float* y,
                                                        const float* z) {
  for (int n = 0; n < 16; n += 8) {
    const __m256 product_and_sum =
        _mm256_fmadd_ps(_mm256_loadu_ps(x + n), _mm256_loadu_ps(y + n), _mm256_loadu_ps(z + n));
    _mm256_storeu_ps(r + n, product_and_sum);
  }
}

void fma16_libm(float* r, const float* x, const float* y, const float* z) {
  for (int n = 0; n < 16; ++n) r[n] = std::fma(x[n], y[n], z[n]);
}

// Which operands are multiplied: 132, 213 or 231 of (destination, second, third).
enum class Form { k132, k213, k231 };

struct Terms {
  Lanes<float> x, y, z;
};

template <Form kForm>
Terms terms(const Lanes<float>& one, const Lanes<float>& two, const Lanes<float>& three) {
  switch (kForm) {
    case Form::k132:
      return {one, three, two};
    case Form::k213:
      return {two, one, three};
    default:
      return {two, three, one};
  }
}

void negate(Lanes<float>& lanes) {
  for (float& lane : lanes.v) lane = -lane;
}

template <Form kForm, bool kNegateProduct, bool kNegateAddend>
Lanes<float> fused(const Lanes<float>& one, const Lanes<float>& two, const Lanes<float>& three) {
  Terms t = terms<kForm>(one, two, three);
  if (kNegateProduct) negate(t.x);
  if (kNegateAddend) negate(t.z);
  Lanes<float> r;
  fma16(r.v, t.x.v, t.y.v, t.z.v);
  return r;
}

template <Form kForm, bool kNegateProduct, bool kNegateAddend>
void fma_packed(State& s, const Instruction& i) {
  const auto& destination = register_lanes<float>(s, i, 0);
  write(s, i,
        fused<kForm, kNegateProduct, kNegateAddend>(destination, register_lanes<float>(s, i, 1),
                                                    source<float>(s, i, 2)));
}

// The destination is one of the terms, so what lies above lane 0 stays too.
template <Form kForm, bool kNegateProduct, bool kNegateAddend>
void fma_scalar(State& s, const Instruction& i) {
  Lanes<float> three{};
  three[0] = scalar_source<float>(s, i, 2);
  Lanes<float> r = register_lanes<float>(s, i, 0);
  const float sum =
      fused<kForm, kNegateProduct, kNegateAddend>(r, register_lanes<float>(s, i, 1), three)[0];
  if (selected(s, i) & 1) {
    r[0] = sum;
  } else if (i.zeroing) {
    r[0] = 0;
  }
  Instruction unmasked = i;
  unmasked.mask = 0;
  write(s, unmasked, r, 4);
}

#define FORMS(NAME, NEGATE_PRODUCT, NEGATE_ADDEND)                                              \
  {ZYDIS_MNEMONIC_##NAME##132PS, &fma_packed<Form::k132, NEGATE_PRODUCT, NEGATE_ADDEND>},       \
      {ZYDIS_MNEMONIC_##NAME##213PS, &fma_packed<Form::k213, NEGATE_PRODUCT, NEGATE_ADDEND>},   \
      {ZYDIS_MNEMONIC_##NAME##231PS, &fma_packed<Form::k231, NEGATE_PRODUCT, NEGATE_ADDEND>},   \
      {ZYDIS_MNEMONIC_##NAME##132SS, &fma_scalar<Form::k132, NEGATE_PRODUCT, NEGATE_ADDEND>},   \
      {ZYDIS_MNEMONIC_##NAME##213SS, &fma_scalar<Form::k213, NEGATE_PRODUCT, NEGATE_ADDEND>}, { \
    ZYDIS_MNEMONIC_##NAME##231SS, &fma_scalar<Form::k231, NEGATE_PRODUCT, NEGATE_ADDEND>        \
  }

constexpr Row kRows[] = {
    FORMS(VFMADD, false, false),
    FORMS(VFMSUB, false, true),
    FORMS(VFNMADD, true, false),
    FORMS(VFNMSUB, true, true),
};
#undef FORMS

}  // namespace

const Fma16 fma16 =
    __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2") ? &fma16_hardware : &fma16_libm;

std::span<const Row> fma_rows() { return kRows; }

}  // namespace stoker::tests::emulator
