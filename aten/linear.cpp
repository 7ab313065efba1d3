// aten::linear, at CompositeImplicitAutograd: at CPU it would become differentiable by a formula
// whose backward has no CPU kernel, and training would raise.
#include <ATen/core/Tensor.h>
#include <ATen/ops/linear_compositeimplicitautograd_dispatch.h>

#include "aten/override.h"
#include "aten/products.h"
#include "aten/register.h"

namespace stoker::aten {
namespace {

struct Linear : ReturnsResult<WeightProduct> {
  using Schema = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&);
  static constexpr OpId id = OpId::kLinear;

  static at::Tensor stock(const at::Tensor& input, const at::Tensor& weight,
                          const std::optional<at::Tensor>& bias) {
    return at::compositeimplicitautograd::linear(input, weight, bias);
  }

  static const char* to_problem(WeightProduct& product, const at::Tensor& input,
                                const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
    return linear_product(product, input, weight, bias);
  }
};

}  // namespace

void register_linear(torch::Library& composite) {
  if (may_override("linear", "", c10::DispatchKey::CompositeImplicitAutograd)) {
    composite.impl("linear", TORCH_FN(Override<Linear>::call));
  }
}

}  // namespace stoker::aten
