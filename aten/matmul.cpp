// addmm, mm, bmm, baddbmm and their .out forms, at CPU: they serve the C++ frontend, the encoder
// fast paths, einsum and inductor's extern calls.
#include <ATen/core/Tensor.h>
#include <ATen/ops/addmm_cpu_dispatch.h>
#include <ATen/ops/baddbmm_cpu_dispatch.h>
#include <ATen/ops/bmm_cpu_dispatch.h>
#include <ATen/ops/mm_cpu_dispatch.h>

#include "aten/override.h"
#include "aten/products.h"
#include "aten/register.h"

namespace stoker::aten {
namespace {

using at::Scalar;
using at::Tensor;

// A second operand of mm may be an activation: it must come back more often than a weight of
// linear.
constexpr uint32_t kSightings = 4;

const Tensor& no_bias() {
  static const Tensor none;
  return none;
}

// A, B: [m, k] x [k, n].
const char* matrix_product(WeightProduct& product, const Tensor& a, const Tensor& b,
                           const Tensor& bias) {
  if (a.dim() != 2 || b.dim() != 2) return "not a matrix product with a matrix weight";
  product.sightings = kSightings;
  if (const char* why = weight_source(b, true, product.weight)) return why;
  return complete_product(product, a, bias);
}

// Only an `out` that stock would write in place: right size and dtype, dense, no resize, no
// warning.
const char* plain_out(const WeightProduct& product, const Tensor& a, const Tensor& out) {
  if (out.scalar_type() != a.scalar_type()) return "dtypes differ";
  if (out.dim() != 2 || out.size(0) != product.problem.m || out.size(1) != product.problem.n ||
      !out.is_contiguous()) {
    return "out would be resized or is not contiguous";
  }
  return nullptr;
}

template <class... T>
Operands all_of(const T&... tensors) {
  Operands all;
  (all.add(tensors), ...);
  return all;
}

struct Addmm {
  using Schema = Tensor(const Tensor&, const Tensor&, const Tensor&, const Scalar&, const Scalar&);
  static constexpr OpId id = OpId::kAddmm;
  static Tensor stock(const Tensor& self, const Tensor& a, const Tensor& b, const Scalar& beta,
                      const Scalar& alpha) {
    return at::cpu::addmm(self, a, b, beta, alpha);
  }
  static Operands operands(const Tensor& self, const Tensor& a, const Tensor& b, const Scalar&,
                           const Scalar&) {
    return all_of(self, a, b);
  }
  static const char* to_product(WeightProduct& product, const Tensor& self, const Tensor& a,
                                const Tensor& b, const Scalar& beta, const Scalar& alpha) {
    if (!beta.equal(1) || !alpha.equal(1)) return "alpha or beta is not 1";
    return matrix_product(product, a, b, self);
  }
  static std::span<const kernels::Row> rows() noexcept { return onednn_rows(); }
  static Tensor finish(Tensor result, const Tensor&, const Tensor&, const Tensor&, const Scalar&,
                       const Scalar&) {
    return result;
  }
};

struct AddmmOut {
  using Schema = Tensor&(const Tensor&, const Tensor&, const Tensor&, const Scalar&, const Scalar&,
                         Tensor&);
  static constexpr OpId id = OpId::kAddmmOut;
  static Tensor& stock(const Tensor& self, const Tensor& a, const Tensor& b, const Scalar& beta,
                       const Scalar& alpha, Tensor& out) {
    return at::cpu::addmm_out(out, self, a, b, beta, alpha);
  }
  static Operands operands(const Tensor& self, const Tensor& a, const Tensor& b, const Scalar&,
                           const Scalar&, const Tensor& out) {
    return all_of(self, a, b, out);
  }
  static const char* to_product(WeightProduct& product, const Tensor& self, const Tensor& a,
                                const Tensor& b, const Scalar& beta, const Scalar& alpha,
                                const Tensor& out) {
    if (const char* why = Addmm::to_product(product, self, a, b, beta, alpha)) return why;
    return plain_out(product, a, out);
  }
  static std::span<const kernels::Row> rows() noexcept { return onednn_rows(); }
  static Tensor& finish(const Tensor& result, const Tensor&, const Tensor&, const Tensor&,
                        const Scalar&, const Scalar&, Tensor& out) {
    out.copy_(result);
    return out;
  }
};

struct Mm {
  using Schema = Tensor(const Tensor&, const Tensor&);
  static constexpr OpId id = OpId::kMm;
  static Tensor stock(const Tensor& a, const Tensor& b) { return at::cpu::mm(a, b); }
  static Operands operands(const Tensor& a, const Tensor& b) { return all_of(a, b); }
  static const char* to_product(WeightProduct& product, const Tensor& a, const Tensor& b) {
    return matrix_product(product, a, b, no_bias());
  }
  static std::span<const kernels::Row> rows() noexcept { return onednn_rows(); }
  static Tensor finish(Tensor result, const Tensor&, const Tensor&) { return result; }
};

struct MmOut {
  using Schema = Tensor&(const Tensor&, const Tensor&, Tensor&);
  static constexpr OpId id = OpId::kMmOut;
  static Tensor& stock(const Tensor& a, const Tensor& b, Tensor& out) {
    return at::cpu::mm_out(out, a, b);
  }
  static Operands operands(const Tensor& a, const Tensor& b, const Tensor& out) {
    return all_of(a, b, out);
  }
  static const char* to_product(WeightProduct& product, const Tensor& a, const Tensor& b,
                                const Tensor& out) {
    if (const char* why = matrix_product(product, a, b, no_bias())) return why;
    return plain_out(product, a, out);
  }
  static std::span<const kernels::Row> rows() noexcept { return onednn_rows(); }
  static Tensor& finish(const Tensor& result, const Tensor&, const Tensor&, Tensor& out) {
    out.copy_(result);
    return out;
  }
};

// Batched products have no packed weight; their rows come with the generated kernels.
template <class Op, class Schema>
struct Batched;

template <class Op, class R, class... Args>
struct Batched<Op, R(Args...)> {
  using Schema = R(Args...);
  static Operands operands(Args...) { return {}; }
  static const char* to_product(WeightProduct&, Args...) { return "no row for this operator yet"; }
  static std::span<const kernels::Row> rows() noexcept { return {}; }
  static R finish(const Tensor&, Args... args) { return Op::stock(args...); }
};

struct Bmm : Batched<Bmm, Tensor(const Tensor&, const Tensor&)> {
  static constexpr OpId id = OpId::kBmm;
  static Tensor stock(const Tensor& a, const Tensor& b) { return at::cpu::bmm(a, b); }
};

struct BmmOut : Batched<BmmOut, Tensor&(const Tensor&, const Tensor&, Tensor&)> {
  static constexpr OpId id = OpId::kBmmOut;
  static Tensor& stock(const Tensor& a, const Tensor& b, Tensor& out) {
    return at::cpu::bmm_out(out, a, b);
  }
};

struct Baddbmm : Batched<Baddbmm, Tensor(const Tensor&, const Tensor&, const Tensor&, const Scalar&,
                                         const Scalar&)> {
  static constexpr OpId id = OpId::kBaddbmm;
  static Tensor stock(const Tensor& self, const Tensor& a, const Tensor& b, const Scalar& beta,
                      const Scalar& alpha) {
    return at::cpu::baddbmm(self, a, b, beta, alpha);
  }
};

struct BaddbmmOut : Batched<BaddbmmOut, Tensor&(const Tensor&, const Tensor&, const Tensor&,
                                                const Scalar&, const Scalar&, Tensor&)> {
  static constexpr OpId id = OpId::kBaddbmmOut;
  static Tensor& stock(const Tensor& self, const Tensor& a, const Tensor& b, const Scalar& beta,
                       const Scalar& alpha, Tensor& out) {
    return at::cpu::baddbmm_out(out, self, a, b, beta, alpha);
  }
};

template <class Op>
void add(torch::Library& cpu, const char* op, const char* overload) {
  if (!may_override(op, overload, c10::DispatchKey::CPU)) return;
  const std::string name = *overload ? std::string(op) + "." + overload : op;
  cpu.impl(name.c_str(), torch::CppFunction::makeFromUnboxedFunction(&Override<Op>::call));
}

}  // namespace

void register_matmul(torch::Library& cpu) {
  add<Addmm>(cpu, "addmm", "");
  add<AddmmOut>(cpu, "addmm", "out");
  add<Mm>(cpu, "mm", "");
  add<MmOut>(cpu, "mm", "out");
  add<Bmm>(cpu, "bmm", "");
  add<BmmOut>(cpu, "bmm", "out");
  add<Baddbmm>(cpu, "baddbmm", "");
  add<BaddbmmOut>(cpu, "baddbmm", "out");
}

}  // namespace stoker::aten
