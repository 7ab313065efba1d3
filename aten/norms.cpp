// stoker::add_layer_norm and stoker::rms_norm: a residual stream's next value and that normalized,
// in one pass over memory. CompositeImplicitAutograd, as all of ours (stoker_ops.cpp).
#include <ATen/EmptyTensor.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/add.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/rsqrt.h>

#include <optional>
#include <tuple>

#include "aten/machine.h"
#include "aten/numerics.h"
#include "aten/override.h"
#include "aten/register.h"
#include "aten/threads.h"
#include "kernels/norm/jit.h"
#include "kernels/norm/table.h"

namespace stoker::aten {
namespace {

using at::Tensor;
using kernels::norm::Kind;
using OptionalTensor = std::optional<Tensor>;
using Results = std::tuple<Tensor, Tensor>;

struct NormCall {
  kernels::norm::Call call{};
  const Tensor* input = nullptr;
};

const char* choose_row(NormCall& norm, const kernels::Row*& row) {
  const Machine& m = machine();
  const auto chosen = kernels::norm::select(norm.call, m.isa, *m.calibration, m.policy);
  row = chosen.row;
  return chosen.reason;
}

RowResult<Results> run_row(const kernels::Row&, const NormCall& norm) {
  kernels::norm::Call call = norm.call;
  const auto empty = [&]() -> Tensor {
    return at::detail::empty_cpu(norm.input->sizes(), norm.input->scalar_type());
  };
  Tensor sum = call.other ? empty() : *norm.input, out = empty();
  if (call.other) call.sum = sum.mutable_data_ptr();
  call.out = out.mutable_data_ptr();
  if (!kernels::norm::run_jit(call, machine().isa, torch_threads())) {
    return {{}, "no memory for a generated kernel"};
  }
  return {{std::move(sum), std::move(out)}, nullptr};
}

const char* read_rows(NormCall& norm, const Tensor& input, const OptionalTensor& other,
                      int64_t columns) {
  if (!has_data_type(input.scalar_type())) return "dtype is not float32, bfloat16 or float16";
  if (input.numel() == 0) return "an operand is empty";
  if (!input.is_contiguous()) return "input is not contiguous";
  norm.input = &input;
  norm.call.type = data_type(input);
  norm.call.x = input.const_data_ptr();
  norm.call.columns = columns;
  norm.call.rows = input.numel() / columns;
  if (!other || !other->defined()) return nullptr;
  if (other->scalar_type() != input.scalar_type()) return "dtypes differ";
  if (other->sizes() != input.sizes()) return "sizes do not match";
  if (!other->is_contiguous()) return "input is not contiguous";
  norm.call.other = other->const_data_ptr();
  return nullptr;
}

// Of weight or bias, which must be of one type.
const char* read_scale(NormCall& norm, const void*& to, const OptionalTensor& scale,
                       at::IntArrayRef shape) {
  if (!scale || !scale->defined()) return nullptr;
  if (scale->sizes() != shape) return "sizes do not match";
  if (!scale->is_contiguous()) return "weight is not contiguous";
  const bool first = norm.call.weight == nullptr;
  if (!has_data_type(scale->scalar_type())) return "dtypes differ";
  if (!first && data_type(*scale) != norm.call.weight_type) return "dtypes differ";
  norm.call.weight_type = data_type(*scale);
  to = scale->const_data_ptr();
  return nullptr;
}

// A float32 weight beside 16-bit rows: they are rounded once.
bool wide_scale(const Tensor& weight, const Tensor& input) {
  return weight.scalar_type() == at::kFloat && has_data_type(input.scalar_type());
}

Tensor sum_of(const Tensor& input, const OptionalTensor& other) {
  return other && other->defined() ? at::add(input, *other) : input;
}

struct AddLayerNorm : ReturnsResult<NormCall> {
  using Schema = Results(const Tensor&, const OptionalTensor&, c10::SymIntArrayRef,
                         const OptionalTensor&, const OptionalTensor&, double);
  static constexpr OpId id = OpId::kStokerAddLayerNorm;

  static Results stock(const Tensor& input, const OptionalTensor& other,
                       c10::SymIntArrayRef normalized_shape, const OptionalTensor& weight,
                       const OptionalTensor& bias, double eps) {
    Tensor sum = sum_of(input, other);
    Tensor normalized = at::layer_norm_symint(sum, normalized_shape, weight, bias, eps);
    return {std::move(sum), std::move(normalized)};
  }

  static const char* to_problem(NormCall& norm, const Tensor& input, const OptionalTensor& other,
                                c10::SymIntArrayRef normalized_shape, const OptionalTensor& weight,
                                const OptionalTensor& bias, double eps) {
    const auto shape = c10::asIntArrayRefSlowOpt(normalized_shape);
    if (!shape || shape->empty() || input.dim() < static_cast<int64_t>(shape->size()) ||
        input.sizes().slice(input.dim() - shape->size()) != *shape) {
      return "sizes do not match";
    }
    if (const char* why = read_rows(norm, input, other, c10::multiply_integers(*shape))) return why;
    norm.call.kind = Kind::kLayer;
    norm.call.eps = static_cast<float>(eps);
    norm.call.weight_type = norm.call.type;
    if (const char* why = read_scale(norm, norm.call.weight, weight, *shape)) return why;
    if (const char* why = read_scale(norm, norm.call.bias, bias, *shape)) return why;
    const bool fits = norm.call.weight_type == norm.call.type ||
                      norm.call.weight_type == kernels::DataType::kFloat32;
    return fits ? nullptr : "dtypes differ";
  }
};

struct RmsNorm : ReturnsResult<NormCall> {
  using Schema = Results(const Tensor&, const OptionalTensor&, const Tensor&, double);
  static constexpr OpId id = OpId::kStokerRmsNorm;

  static Results stock(const Tensor& input, const OptionalTensor& other, const Tensor& weight,
                       double eps) {
    Tensor sum = sum_of(input, other);
    const Tensor x = sum.to(at::kFloat);
    const Tensor factor = at::rsqrt(at::add(at::mean(at::mul(x, x), -1, /*keepdim=*/true), eps));
    Tensor normalized = at::mul(x, factor);
    if (!wide_scale(weight, input)) normalized = normalized.to(input.scalar_type());
    normalized = at::mul(weight, normalized);
    if (wide_scale(weight, input)) normalized = normalized.to(input.scalar_type());
    return {std::move(sum), std::move(normalized)};
  }

  static const char* to_problem(NormCall& norm, const Tensor& input, const OptionalTensor& other,
                                const Tensor& weight, double eps) {
    if (input.dim() == 0) return "sizes do not match";
    const int64_t columns = input.size(-1);
    if (const char* why = read_rows(norm, input, other, columns)) return why;
    norm.call.kind = Kind::kRms;
    norm.call.eps = static_cast<float>(eps);
    if (const char* why = read_scale(norm, norm.call.weight, weight, {columns})) return why;
    return weight.scalar_type() == input.scalar_type() || wide_scale(weight, input)
               ? nullptr
               : "dtypes differ";
  }
};

}  // namespace

// add_layer_norm(input, other of input's sizes or none, normalized_shape, weight and bias of
// normalized_shape or none, eps) -> (input + other, layer_norm of that).
// rms_norm(input [..., columns], other likewise, weight [columns], eps) -> (sum, normalized), as
// Hugging Face's Llama: sum / sqrt(mean(sum^2) + eps) in fp32, rounded to sum's type; times weight.
// A float32 weight of 16-bit rows: as Gemma, rounded once, after the weight.
// Without `other` the sum is input itself.
void register_stoker_norms(torch::Library& stoker) {
  stoker.def(
      "add_layer_norm(Tensor input, Tensor? other, SymInt[] normalized_shape, Tensor? weight, "
      "Tensor? bias, float eps) -> (Tensor sum, Tensor normalized)",
      {at::Tag::pt2_compliant_tag});
  stoker.def(
      "rms_norm(Tensor input, Tensor? other, Tensor weight, float eps) -> "
      "(Tensor sum, Tensor normalized)",
      {at::Tag::pt2_compliant_tag});
  stoker.impl("add_layer_norm", torch::dispatch(c10::DispatchKey::CompositeImplicitAutograd,
                                                TORCH_FN(Override<AddLayerNorm>::call)));
  stoker.impl("rms_norm", torch::dispatch(c10::DispatchKey::CompositeImplicitAutograd,
                                          TORCH_FN(Override<RmsNorm>::call)));
}

}  // namespace stoker::aten
