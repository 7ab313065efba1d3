#include "aten/onednn_rows.h"

#include <ATen/core/LegacyTypeDispatch.h>

#include <optional>

#include "aten/pack_memory.h"

namespace stoker::aten {
namespace {

using LinearPointwise = at::Tensor(const at::Tensor&, const at::Tensor&,
                                   const std::optional<at::Tensor>&, std::string_view,
                                   c10::List<std::optional<at::Scalar>>,
                                   std::optional<std::string_view>);
using ReorderWeight = at::Tensor(const at::Tensor&, std::optional<int64_t>);

struct Operators {
  c10::TypedOperatorHandle<LinearPointwise> linear;
  c10::TypedOperatorHandle<ReorderWeight> reorder;
};

std::optional<Operators>& operators() {
  static std::optional<Operators> found;
  return found;
}

const char* one_type_only(const kernels::MatmulProblem& p) noexcept {
  if (p.has_epilogue) return "unsupported: no epilogues in packed oneDNN products";
  return p.input == p.multiply && p.output == p.multiply ? nullptr
                                                         : "unsupported: oneDNN mixes no types";
}

// oneDNN computes bf16 without AVX512_BF16 as well, but slower than stock's MKL.
constexpr kernels::Row kRows[] = {
    {"onednn_packed_f32", jit::Isa::kAvx2, kernels::DataType::kFloat32, &one_type_only, {}},
    {"onednn_packed_bf16", jit::Isa::kAvx512Bf16, kernels::DataType::kBFloat16, &one_type_only, {}},
};

Packed reorder(std::span<const at::Tensor> sources, const void*) {
  return {operators()->reorder.call(side_by_side(sources), std::nullopt)};
}

// oneDNN pads the outputs to a multiple of 64.
int64_t reordered_bytes(const WeightProduct& product) {
  return (product.problem.n + 63) / 64 * 64 * product.problem.k *
         static_cast<int64_t>(product.input->itemsize());
}

}  // namespace

const char* find_onednn_operators() {
  const auto linear = find_operator<LinearPointwise>(
      "mkldnn::_linear_pointwise",
      "mkldnn::_linear_pointwise(Tensor X, Tensor W, Tensor? B, str attr, Scalar?[] scalars, "
      "str? algorithm) -> Tensor Y");
  const auto reorder_weight = find_operator<ReorderWeight>(
      "mkldnn::_reorder_linear_weight",
      "mkldnn::_reorder_linear_weight(Tensor self, int? batch_size=None) -> Tensor Y");
  if (!linear || !reorder_weight) return "torch's oneDNN operators are absent or changed";
  operators() = Operators{*linear, *reorder_weight};
  return nullptr;
}

std::span<const kernels::Row> onednn_rows() noexcept {
  return operators() ? std::span<const kernels::Row>(kRows) : std::span<const kernels::Row>();
}

bool onednn_takes_bf16() {
  static const bool takes = [] {
    const auto supported = find_operator<bool()>("mkldnn::_is_mkldnn_bf16_supported",
                                                 "mkldnn::_is_mkldnn_bf16_supported() -> bool _0");
    return supported && supported->call();
  }();
  return takes;
}

RowResult<at::Tensor> run_onednn(const WeightProduct& product) {
  const Packed packed =
      get_packed({Recipe::kOnednnLinear, product.weights, &reorder, reordered_bytes(product),
                  product.sightings, product.problem.m, product.rows_before_pack});
  if (packed.refusal != nullptr) return {at::Tensor(), packed.refusal};
  // Nothing records this call (the gate saw to it): skip the autograd keys' fallthroughs.
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  const std::optional<at::Tensor> bias =
      product.bias ? std::optional<at::Tensor>(*product.bias) : std::nullopt;
  return {operators()->linear.call(*product.input, packed.value, bias, "none",
                                   c10::List<std::optional<at::Scalar>>(), std::nullopt),
          nullptr};
}

}  // namespace stoker::aten
