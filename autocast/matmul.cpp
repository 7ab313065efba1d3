// Products inside the user's torch.autocast("cpu", torch.bfloat16). Stock casts every operand on
// every call, a weight too unless it requires grad; here the packed bf16 weight is made once, from
// the fp32 parameter. What is declined runs torch's own policy.
#include "aten/batched_product.h"
#include "aten/override.h"
#include "aten/products.h"
#include "aten/register.h"
#include "autocast/stock_policy.h"

namespace stoker::aten {
namespace {

using at::Scalar;
using at::Tensor;

struct Linear : ReturnsResult<WeightProduct> {
  using Schema = Tensor(const Tensor&, const Tensor&, const std::optional<Tensor>&);
  static constexpr OpId id = OpId::kAutocastLinear;
  static Tensor stock(const Tensor& input, const Tensor& weight,
                      const std::optional<Tensor>& bias) {
    return STOCK_POLICY(linear)(input, weight, bias);
  }
  static const char* to_problem(WeightProduct& product, const Tensor& input, const Tensor& weight,
                                const std::optional<Tensor>& bias) {
    product.autocast = true;
    return linear_product(product, input, weight, bias);
  }
};

struct Addmm : ReturnsResult<WeightProduct> {
  using Schema = Tensor(const Tensor&, const Tensor&, const Tensor&, const Scalar&, const Scalar&);
  static constexpr OpId id = OpId::kAutocastAddmm;
  static Tensor stock(const Tensor& self, const Tensor& a, const Tensor& b, const Scalar& beta,
                      const Scalar& alpha) {
    return STOCK_POLICY(addmm)(self, a, b, beta, alpha);
  }
  static const char* to_problem(WeightProduct& product, const Tensor& self, const Tensor& a,
                                const Tensor& b, const Scalar& beta, const Scalar& alpha) {
    product.autocast = true;
    return addmm_product(product, self, a, b, beta, alpha);
  }
};

struct Mm : ReturnsResult<WeightProduct> {
  using Schema = Tensor(const Tensor&, const Tensor&);
  static constexpr OpId id = OpId::kAutocastMm;
  static Tensor stock(const Tensor& a, const Tensor& b) { return STOCK_POLICY(mm)(a, b); }
  static const char* to_problem(WeightProduct& product, const Tensor& a, const Tensor& b) {
    product.autocast = true;
    return mm_product(product, a, b);
  }
};

struct Matmul : ReturnsResult<WeightProduct> {
  using Schema = Tensor(const Tensor&, const Tensor&);
  static constexpr OpId id = OpId::kAutocastMatmul;
  static Tensor stock(const Tensor& a, const Tensor& b) { return STOCK_POLICY(matmul)(a, b); }
  static const char* to_problem(WeightProduct& product, const Tensor& a, const Tensor& b) {
    product.autocast = true;
    return matmul_product(product, a, b);
  }
};

struct Bmm : ReturnsResult<BatchedProduct> {
  using Schema = Tensor(const Tensor&, const Tensor&);
  static constexpr OpId id = OpId::kAutocastBmm;
  static Tensor stock(const Tensor& a, const Tensor& b) { return STOCK_POLICY(bmm)(a, b); }
  static const char* to_problem(BatchedProduct& product, const Tensor& a, const Tensor& b) {
    product.autocast = true;
    return bmm_product(product, a, b);
  }
};

struct Baddbmm : ReturnsResult<BatchedProduct> {
  using Schema = Tensor(const Tensor&, const Tensor&, const Tensor&, const Scalar&, const Scalar&);
  static constexpr OpId id = OpId::kAutocastBaddbmm;
  static Tensor stock(const Tensor& self, const Tensor& a, const Tensor& b, const Scalar& beta,
                      const Scalar& alpha) {
    return STOCK_POLICY(baddbmm)(self, a, b, beta, alpha);
  }
  static const char* to_problem(BatchedProduct& product, const Tensor& self, const Tensor& a,
                                const Tensor& b, const Scalar& beta, const Scalar& alpha) {
    product.autocast = true;
    return baddbmm_product(product, self, a, b, beta, alpha);
  }
};

template <class Op>
void add(torch::Library& autocast, const char* op) {
  if (!may_override(op, "", c10::DispatchKey::AutocastCPU)) return;
  autocast.impl(op, torch::CppFunction::makeFromUnboxedFunction(&Override<Op>::call));
}

}  // namespace

void register_autocast(torch::Library& autocast) {
  add<Linear>(autocast, "linear");
  add<Addmm>(autocast, "addmm");
  add<Mm>(autocast, "mm");
  add<Matmul>(autocast, "matmul");
  add<Bmm>(autocast, "bmm");
  add<Baddbmm>(autocast, "baddbmm");
}

}  // namespace stoker::aten
