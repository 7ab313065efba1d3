// addmm, mm, bmm, baddbmm and their .out forms, at CPU: they serve the C++ frontend, the encoder
// fast paths, einsum and inductor's extern calls.
#include <ATen/core/Tensor.h>
#include <ATen/ops/addmm_cpu_dispatch.h>
#include <ATen/ops/baddbmm_cpu_dispatch.h>
#include <ATen/ops/bmm_cpu_dispatch.h>
#include <ATen/ops/mm_cpu_dispatch.h>

#include "aten/batched_product.h"
#include "aten/override.h"
#include "aten/products.h"
#include "aten/register.h"

namespace stoker::aten {
namespace {

using at::Scalar;
using at::Tensor;

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

struct Addmm : ReturnsResult<WeightProduct> {
  using Schema = Tensor(const Tensor&, const Tensor&, const Tensor&, const Scalar&, const Scalar&);
  static constexpr OpId id = OpId::kAddmm;
  static Tensor stock(const Tensor& self, const Tensor& a, const Tensor& b, const Scalar& beta,
                      const Scalar& alpha) {
    return at::cpu::addmm(self, a, b, beta, alpha);
  }
  static const char* to_problem(WeightProduct& product, const Tensor& self, const Tensor& a,
                                const Tensor& b, const Scalar& beta, const Scalar& alpha) {
    return addmm_product(product, self, a, b, beta, alpha);
  }
};

struct AddmmOut : CopiesToOut<WeightProduct> {
  using Schema = Tensor&(const Tensor&, const Tensor&, const Tensor&, const Scalar&, const Scalar&,
                         Tensor&);
  static constexpr OpId id = OpId::kAddmmOut;
  static Tensor& stock(const Tensor& self, const Tensor& a, const Tensor& b, const Scalar& beta,
                       const Scalar& alpha, Tensor& out) {
    return at::cpu::addmm_out(out, self, a, b, beta, alpha);
  }
  static const char* to_problem(WeightProduct& product, const Tensor& self, const Tensor& a,
                                const Tensor& b, const Scalar& beta, const Scalar& alpha,
                                const Tensor& out) {
    if (const char* why = addmm_product(product, self, a, b, beta, alpha)) return why;
    return plain_out(product, a, out);
  }
};

struct Mm : ReturnsResult<WeightProduct> {
  using Schema = Tensor(const Tensor&, const Tensor&);
  static constexpr OpId id = OpId::kMm;
  static Tensor stock(const Tensor& a, const Tensor& b) { return at::cpu::mm(a, b); }
  static const char* to_problem(WeightProduct& product, const Tensor& a, const Tensor& b) {
    return mm_product(product, a, b);
  }
};

struct MmOut : CopiesToOut<WeightProduct> {
  using Schema = Tensor&(const Tensor&, const Tensor&, Tensor&);
  static constexpr OpId id = OpId::kMmOut;
  static Tensor& stock(const Tensor& a, const Tensor& b, Tensor& out) {
    return at::cpu::mm_out(out, a, b);
  }
  static const char* to_problem(WeightProduct& product, const Tensor& a, const Tensor& b,
                                const Tensor& out) {
    if (const char* why = mm_product(product, a, b)) return why;
    return plain_out(product, a, out);
  }
};

struct Bmm : ReturnsResult<BatchedProduct> {
  using Schema = Tensor(const Tensor&, const Tensor&);
  static constexpr OpId id = OpId::kBmm;
  static Tensor stock(const Tensor& a, const Tensor& b) { return at::cpu::bmm(a, b); }
  static const char* to_problem(BatchedProduct& product, const Tensor& a, const Tensor& b) {
    return bmm_product(product, a, b);
  }
};

struct BmmOut : WritesOut<BatchedProduct> {
  using Schema = Tensor&(const Tensor&, const Tensor&, Tensor&);
  static constexpr OpId id = OpId::kBmmOut;
  static Tensor& stock(const Tensor& a, const Tensor& b, Tensor& out) {
    return at::cpu::bmm_out(out, a, b);
  }
  static const char* to_problem(BatchedProduct& product, const Tensor& a, const Tensor& b,
                                const Tensor& out) {
    if (const char* why = bmm_product(product, a, b)) return why;
    return write_to(product, out);
  }
};

struct Baddbmm : ReturnsResult<BatchedProduct> {
  using Schema = Tensor(const Tensor&, const Tensor&, const Tensor&, const Scalar&, const Scalar&);
  static constexpr OpId id = OpId::kBaddbmm;
  static Tensor stock(const Tensor& self, const Tensor& a, const Tensor& b, const Scalar& beta,
                      const Scalar& alpha) {
    return at::cpu::baddbmm(self, a, b, beta, alpha);
  }
  static const char* to_problem(BatchedProduct& product, const Tensor& self, const Tensor& a,
                                const Tensor& b, const Scalar& beta, const Scalar& alpha) {
    return baddbmm_product(product, self, a, b, beta, alpha);
  }
};

struct BaddbmmOut : WritesOut<BatchedProduct> {
  using Schema = Tensor&(const Tensor&, const Tensor&, const Tensor&, const Scalar&, const Scalar&,
                         Tensor&);
  static constexpr OpId id = OpId::kBaddbmmOut;
  static Tensor& stock(const Tensor& self, const Tensor& a, const Tensor& b, const Scalar& beta,
                       const Scalar& alpha, Tensor& out) {
    return at::cpu::baddbmm_out(out, self, a, b, beta, alpha);
  }
  static const char* to_problem(BatchedProduct& product, const Tensor& self, const Tensor& a,
                                const Tensor& b, const Scalar& beta, const Scalar& alpha,
                                const Tensor& out) {
    if (const char* why = baddbmm_product(product, self, a, b, beta, alpha)) return why;
    return write_to(product, out);
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
