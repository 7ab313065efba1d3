#include "jit/phases/finish.h"

#include <algorithm>

#include "jit/phases/convert.h"
#include "jit/phases/elementary.h"

namespace stoker::jit {
namespace {

void emit_combine(Assembler& a, const Epilogue& e, const Xbyak::Xmm& x, const FinishPlace& place) {
  const Vec other = a.vec();
  emit_load(a, e.other, other, place.other);
  if (e.combine == Combine::kMultiply) {
    a.vmulps(x, x, other);
  } else if (e.scaled != 0) {
    const Vec beta = a.vec();
    a.vbroadcastss(beta, a.ptr[place.beta]);
    a.vfmadd231ps(x, other, beta);
  } else {
    a.vaddps(x, x, other);
  }
}

}  // namespace

void emit_finish(Assembler& a, const Epilogue& epilogue, Element out, const Xbyak::Xmm& x,
                 const FinishPlace& place) {
  const bool first = epilogue.combine == Combine::kAddThenActivate;
  if (first) emit_combine(a, epilogue, x, place);
  emit_activation(a, epilogue.activation, x);
  if (!first && epilogue.combine != Combine::kNone) emit_combine(a, epilogue, x, place);
  emit_store(a, out, place.out, x);
}

int finish_temps(const Epilogue& epilogue, Element out) noexcept {
  const int combine = epilogue.combine == Combine::kNone ? 0 : epilogue.scaled != 0 ? 2 : 1;
  return std::max({activation_temps(epilogue.activation), combine, out == Element::kBf16 ? 2 : 0});
}

}  // namespace stoker::jit
