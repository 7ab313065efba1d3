#include "jit/phases/elementary.h"

namespace stoker::jit {
namespace {

using Xbyak::Xmm;

constexpr uint32_t kSign = 0x80000000, kMagnitude = 0x7FFFFFFF;

// to <- ((c0 x + c1) x + c2) x ...: Horner's scheme.
template <class... Rest>
void polynomial(Assembler& a, const Xmm& to, const Xmm& x, float first, Rest... rest) {
  a.load_constant(to, first);
  (a.vfmadd213ps(to, x, a.constant(rest)), ...);
}

void absolute(Assembler& a, const Xmm& to, const Xmm& x) {
  a.vandps(to, x, a.constant(kMagnitude));
}

// x <- -|x|
void negative(Assembler& a, const Xmm& x) { a.vorps(x, x, a.constant(kSign)); }

// x <- max(limit, x), and the same for min; NaN stays, because these give the second operand then.
void at_least(Assembler& a, const Xmm& x, float limit) {
  const Vec bound = a.vec();
  a.load_constant(bound, limit);
  a.vmaxps(x, bound, x);
}
void at_most(Assembler& a, const Xmm& x, float limit) {
  const Vec bound = a.vec();
  a.load_constant(bound, limit);
  a.vminps(x, bound, x);
}

// to <- `yes` where x < limit, else unchanged.
void replace_where_less(Assembler& a, const Xmm& to, const Xmm& x, float limit, const Xmm& yes) {
  constexpr int kLess = 1;  // ordered: false for NaN
  if (a.zmm()) {
    a.vcmpps(Xbyak::Opmask(1), x, a.constant(limit), kLess);
    a.vblendmps(to | Xbyak::Opmask(1), to, yes);
  } else {
    const Vec mask = a.vec();
    a.vcmpps(mask, x, a.constant(limit), kLess);
    a.vblendvps(to, to, yes, mask);
  }
}

// x <- x 2^n for whole n in [-127, 128]; AVX2 has no instruction for it and gives 0 for -127.
void scale_by_power(Assembler& a, const Xmm& x, const Xmm& n) {
  if (a.zmm()) {
    a.vscalefps(x, x, n);
    return;
  }
  const Vec power = a.vec();
  a.vcvtps2dq(power, n);
  a.vpaddd(power, power, a.constant(uint32_t{127}));
  a.vpslld(power, power, 23);
  a.vmulps(x, x, power);
}

void round_to_whole(Assembler& a, const Xmm& to, const Xmm& from) {
  constexpr int kNearestEven = 0;
  if (a.zmm()) {
    a.vrndscaleps(to, from, kNearestEven);
  } else {
    a.vroundps(to, from, kNearestEven);
  }
}

// x <- x / (1 + x) and its complement 1 / (1 + x): both sides of a sigmoid, from x = e^-|v|.
void emit_sides(Assembler& a, const Xmm& x, const Xmm& complement) {
  const Vec sum = a.vec();
  a.vaddps(sum, x, a.constant(1.0f));
  a.load_constant(complement, 1.0f);
  a.vdivps(complement, complement, sum);
  a.vdivps(x, x, sum);
}

// q <- erfc(t) / 2 for t >= 0. erf by two polynomials, from N. Juffa, "Accurate error function in
// single precision" (Stack Overflow 35148198, within 1 ulp). Beyond 0.92 erfc is the exponential
// itself, without the cancellation of 1 - erf.
void emit_half_erfc(Assembler& a, const Xmm& q, const Xmm& t) {
  const Vec near = a.vec();
  {
    const Vec square = a.vec();
    a.vmulps(square, t, t);
    polynomial(a, near, square, -5.96761703e-4f, 4.99119423e-3f, -2.67681349e-2f, 1.12819925e-1f,
               -3.76125336e-1f, 1.28379166e-1f);
    a.vfmadd213ps(near, t, t);  // erf(t)
    a.vmulps(near, near, a.constant(-0.5f));
    a.vaddps(near, near, a.constant(0.5f));
  }
  polynomial(a, q, t, -1.72853470e-5f, 3.83197126e-4f, -3.88396438e-3f, 2.42546219e-2f,
             -1.06777877e-1f, -6.34846687e-1f, -1.28717512e-1f);
  a.vfmsub213ps(q, t, t);
  emit_exp(a, q);
  a.vmulps(q, q, a.constant(0.5f));
  replace_where_less(a, q, t, 0.921875f, near);
}

void emit_gelu(Assembler& a, const Xmm& x) {
  const Vec q = a.vec(), t = a.vec();
  absolute(a, t, x);
  a.vmulps(t, t, a.constant(0.70710678f));
  at_most(a, t, 12.0f);  // erfc is 0 there; the polynomial would overflow for an infinity
  emit_half_erfc(a, q, t);
  // Phi(x): q on the negative side, 1 - q on the other.
  a.load_constant(t, 1.0f);
  a.vsubps(t, t, q);
  replace_where_less(a, t, x, 0.0f, q);
  a.vmulps(x, x, t);
}

// x sigmoid(2u), which is x (1 + tanh u) / 2, with u = sqrt(2/pi) (x + 0.044715 x^3).
void emit_gelu_tanh(Assembler& a, const Xmm& x) {
  const Vec u = a.vec();
  a.vmulps(u, x, x);
  a.vmulps(u, u, a.constant(2 * 0.79788456f * 0.044715f));
  a.vaddps(u, u, a.constant(2 * 0.79788456f));
  a.vmulps(u, u, x);
  emit_sigmoid(a, u);
  a.vmulps(x, x, u);
}

void emit_relu6(Assembler& a, const Xmm& x) {
  at_least(a, x, 0.0f);
  at_most(a, x, 6.0f);
}

void emit_hardsigmoid(Assembler& a, const Xmm& x) {
  a.vaddps(x, x, a.constant(3.0f));
  emit_relu6(a, x);
  a.vmulps(x, x, a.constant(1.0f / 6.0f));
}

void emit_hardswish(Assembler& a, const Xmm& x) {
  const Vec gate = a.vec();
  a.vmovaps(gate, x);
  emit_hardsigmoid(a, gate);  // first: 6 x may overflow
  a.vmulps(x, x, gate);
}

}  // namespace

// Cody and Waite's reduction and the polynomial of Cephes' expf (S. Moshier).
void emit_exp(Assembler& a, const Xmm& x) {
  const Vec n = a.vec(), result = a.vec();
  // Below, the result is exactly 0, so that -inf times it is the NaN that torch gives. AVX2
  // reaches that at 2^-127; VSCALEFPS goes through the denormals.
  at_least(a, x, a.zmm() ? -110.0f : -88.0f);
  at_most(a, x, 89.0f);
  a.vmulps(n, x, a.constant(1.44269504f));
  round_to_whole(a, n, n);
  a.vfnmadd231ps(x, n, a.constant(0.693359375f));
  a.vfnmadd231ps(x, n, a.constant(-2.12194440e-4f));
  polynomial(a, result, x, 1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f,
             1.6666665459e-1f, 5.0000001201e-1f);
  a.vmulps(result, result, x);
  a.vfmadd213ps(result, x, x);
  a.vaddps(x, result, a.constant(1.0f));
  scale_by_power(a, x, n);
}

void emit_sigmoid(Assembler& a, const Xmm& x) {
  const Vec e = a.vec(), complement = a.vec();
  a.vmovaps(e, x);
  negative(a, e);
  emit_exp(a, e);
  emit_sides(a, e, complement);
  replace_where_less(a, complement, x, 0.0f, e);
  a.vmovaps(x, complement);
}

// Cephes' tanhf: a polynomial near 0, else 1 - 2 / (e^2|x| + 1).
void emit_tanh(Assembler& a, const Xmm& x) {
  const Vec magnitude = a.vec(), far = a.vec();
  absolute(a, magnitude, x);
  a.vaddps(far, magnitude, magnitude);
  at_most(a, far, 40.0f);  // tanh is 1 there
  emit_exp(a, far);
  {
    const Vec two = a.vec();
    a.vaddps(far, far, a.constant(1.0f));
    a.load_constant(two, -2.0f);
    a.vdivps(far, two, far);
    a.vaddps(far, far, a.constant(1.0f));
    a.vandps(two, x, a.constant(kSign));
    a.vorps(far, far, two);
  }
  {
    const Vec near = a.vec(), square = a.vec();
    a.vmulps(square, x, x);
    polynomial(a, near, square, -5.70498872745e-3f, 2.06390887954e-2f, -5.37397155531e-2f,
               1.33314422036e-1f, -3.33332819422e-1f);
    a.vmulps(near, near, square);
    a.vfmadd213ps(near, x, x);
    replace_where_less(a, far, magnitude, 0.625f, near);
  }
  a.vmovaps(x, far);
}

void emit_activation(Assembler& a, Activation activation, const Xmm& x) {
  switch (activation) {
    case Activation::kNone:
      break;
    case Activation::kRelu:
      at_least(a, x, 0.0f);
      break;
    case Activation::kGelu:
      emit_gelu(a, x);
      break;
    case Activation::kGeluTanh:
      emit_gelu_tanh(a, x);
      break;
    case Activation::kSilu: {
      const Vec gate = a.vec();
      a.vmovaps(gate, x);
      emit_sigmoid(a, gate);
      a.vmulps(x, x, gate);
      break;
    }
    case Activation::kSigmoid:
      emit_sigmoid(a, x);
      break;
    case Activation::kTanh:
      emit_tanh(a, x);
      break;
    case Activation::kHardswish:
      emit_hardswish(a, x);
      break;
    case Activation::kRelu6:
      emit_relu6(a, x);
      break;
    case Activation::kHardsigmoid:
      emit_hardsigmoid(a, x);
      break;
  }
}

int activation_temps(Activation activation) noexcept {
  switch (activation) {
    case Activation::kNone:
      return 0;
    case Activation::kRelu:
    case Activation::kRelu6:
    case Activation::kHardsigmoid:
      return 1;
    case Activation::kHardswish:
      return 2;
    default:
      return 6;
  }
}

const char* activation_name(Activation activation) noexcept {
  static constexpr const char* kNames[] = {"",       "_relu",       "_gelu", "_gelutanh",
                                           "_silu",  "_sigmoid",    "_tanh", "_hardswish",
                                           "_relu6", "_hardsigmoid"};
  return kNames[static_cast<int>(activation)];
}

const char* combine_name(Combine combine) noexcept {
  static constexpr const char* kNames[] = {"", "_add", "_mul", "_addact"};
  return kNames[static_cast<int>(combine)];
}

std::string epilogue_name(const Epilogue& e) {
  std::string name = std::string(activation_name(e.activation)) + combine_name(e.combine);
  if (e.combine != Combine::kNone) name += std::string("_") + element_name(e.other);
  return name;
}

}  // namespace stoker::jit
