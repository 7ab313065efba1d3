// The operators of the namespace stoker::, for graphs. CompositeImplicitAutograd: where no row
// runs, each is what it means in torch's own operators, so FakeTensors, export, autograd and every
// transform see through it.
#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>

#include "aten/activations.h"
#include "aten/batch_norm.h"
#include "aten/numerics.h"
#include "aten/override.h"
#include "aten/products.h"
#include "aten/register.h"

namespace stoker::aten {
namespace {

using at::Tensor;
using at::TensorList;
using jit::Activation;
using jit::Combine;

void check_linear(TensorList weights, TensorList biases, int64_t activation, int64_t combine,
                  const std::optional<Tensor>& other, TensorList norm, TensorList input_norm) {
  TORCH_CHECK(!weights.empty(), "stoker::linear: expected at least one weight");
  TORCH_CHECK(biases.empty() || biases.size() == weights.size(),
              "stoker::linear: expected no bias "
              "or one a weight, got ",
              biases.size(), " for ", weights.size(), " weights");
  check_batch_norm("stoker::linear", norm);
  check_batch_norm("stoker::linear", input_norm);
  check_epilogue("stoker::linear", activation, combine, other);
}

struct Linear : ReturnsResult<WeightProduct> {
  using Schema = Tensor(const Tensor&, TensorList, TensorList, int64_t, int64_t,
                        const std::optional<Tensor>&, std::optional<at::ScalarType>, TensorList,
                        double, TensorList, double);
  static constexpr OpId id = OpId::kStokerLinear;

  static Tensor stock(const Tensor& input, TensorList weights, TensorList biases,
                      int64_t activation, int64_t combine, const std::optional<Tensor>& other,
                      std::optional<at::ScalarType> dtype, TensorList norm, double eps,
                      TensorList input_norm, double input_eps) {
    check_linear(weights, biases, activation, combine, other, norm, input_norm);
    const Tensor x = stock_norm_of_columns(input, {input_norm, input_eps});
    std::vector<Tensor> parts;
    for (size_t i = 0; i < weights.size(); ++i) {
      const auto bias = biases.empty() ? std::nullopt : std::optional<Tensor>(biases[i]);
      parts.push_back(at::linear(as_wide_as(weights[i], x), weights[i], bias));
    }
    Tensor y =
        stock_norm_of_columns(parts.size() == 1 ? parts[0] : at::cat(parts, -1), {norm, eps});
    const jit::Epilogue epilogue{.activation = static_cast<Activation>(activation),
                                 .combine = static_cast<Combine>(combine)};
    y = apply_epilogue(epilogue, y, other ? &*other : nullptr);
    // As when it is fused: the other operand's type does not decide.
    return y.to(dtype.value_or(input.scalar_type()));
  }

  static const char* to_problem(WeightProduct& product, const Tensor& input, TensorList weights,
                                TensorList biases, int64_t activation, int64_t combine,
                                const std::optional<Tensor>& other,
                                std::optional<at::ScalarType> dtype, TensorList norm, double eps,
                                TensorList input_norm, double input_eps) {
    // What it throws, stock throws again.
    check_linear(weights, biases, activation, combine, other, norm, input_norm);
    const jit::Epilogue epilogue{.activation = static_cast<Activation>(activation),
                                 .combine = static_cast<Combine>(combine)};
    const char* why = fused_product(product, input, weights, biases, epilogue, other, dtype);
    if (why != nullptr || (norm.empty() && input_norm.empty())) return why;
    return fold_norms(product, {norm, eps}, {input_norm, input_eps});
  }
};

}  // namespace

// linear(input [..., k], weights n_i x [k], biases) -> [..., sum n_i], the weights' outputs side by
// side: act(x + b), combined with `other` [..., sum n_i]. activation: 0 none, 1 relu, 2 gelu,
// 3 gelu (tanh), 4 silu, 5 sigmoid, 6 tanh, 7 hardswish, 8 relu6, 9 hardsigmoid. combine: 0 none,
// 1 act(x) + other, 2 act(x) * other, 3 act(x + other). dtype: of the result, input's by default.
// norm: none, or running mean and variance, or weight, bias, mean and variance of a batch norm of
// the outputs in eval mode, [sum n_i] each; input_norm: the same of the input, [k] each.
// A bf16 input may stand beside fp32 weights: the product is an fp32 one, in bf16 mode a bf16 one.
void register_stoker(torch::Library& stoker) {
  stoker.def(schema_with_norms(
                 "stoker::linear(Tensor input, Tensor[] weights, Tensor[] biases, *, "
                 "int activation=0, int combine=0, Tensor? other=None, ScalarType? dtype=None, "
                 "Tensor[] norm, float eps=0., Tensor[] input_norm, float input_eps=0.) -> Tensor"),
             {at::Tag::pt2_compliant_tag});
  stoker.impl("linear", torch::dispatch(c10::DispatchKey::CompositeImplicitAutograd,
                                        TORCH_FN(Override<Linear>::call)));
}

}  // namespace stoker::aten
