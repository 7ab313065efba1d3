// stoker::convolution: a convolution, the batch norm, activation and other operand after it.
#include <ATen/core/Tensor.h>
#include <ATen/ops/convolution.h>

#include "aten/activations.h"
#include "aten/convolution_rows.h"
#include "aten/numerics.h"
#include "aten/override.h"
#include "aten/register.h"

namespace stoker::aten {
namespace {

using at::IntArrayRef;
using at::Tensor;
using at::TensorList;

void check(TensorList norm, int64_t activation, int64_t combine, const std::optional<Tensor>& other,
           TensorList input_norm) {
  check_batch_norm("stoker::convolution", norm);
  check_batch_norm("stoker::convolution", input_norm);
  check_epilogue("stoker::convolution", activation, combine, other);
}

const char* read_other(Convolution& c, const Tensor& other) {
  at::DimVector sizes{c.shape.images, c.shape.outputs};
  for (size_t i = 3 - c.dimensions(); i < 3; ++i) sizes.push_back(c.shape.out(i));
  if (!has_data_type(other.scalar_type())) return "dtype is not float32, bfloat16 or float16";
  if (other.sizes() != IntArrayRef(sizes)) return "the other operand has not the result's size";
  c.other = &other;
  c.epilogue.other = kernels::element_of(data_type(other));
  return nullptr;
}

const char* fold_norms(Convolution& c, const NormArgument& after, const NormArgument& before) {
  Folding& folding = c.folding;
  if (const char* why =
          read_norms(folding, after, c.shape.outputs, before, c.shape.channels, c.shape.multiply)) {
    return why;
  }
  folding.groups = c.shape.groups;
  folding.taps = c.shape.taps();
  folding.taps_first = c.weight_channels_last;
  c.shape.has_bias = c.problem.has_bias = true;
  c.shape.only_packed = true;
  return nullptr;
}

struct StokerConvolution : ReturnsResult<Convolution> {
  using Schema = Tensor(const Tensor&, const Tensor&, const std::optional<Tensor>&, IntArrayRef,
                        IntArrayRef, IntArrayRef, int64_t, TensorList, double, int64_t, int64_t,
                        const std::optional<Tensor>&, std::optional<at::ScalarType>, TensorList,
                        double);
  static constexpr OpId id = OpId::kStokerConvolution;

  static Tensor stock(const Tensor& input, const Tensor& weight, const std::optional<Tensor>& bias,
                      IntArrayRef stride, IntArrayRef padding, IntArrayRef dilation, int64_t groups,
                      TensorList norm, double eps, int64_t activation, int64_t combine,
                      const std::optional<Tensor>& other, std::optional<at::ScalarType> dtype,
                      TensorList input_norm, double input_eps) {
    check(norm, activation, combine, other, input_norm);
    const std::vector<int64_t> no_output_padding(stride.size(), 0);
    const Tensor x = stock_batch_norm(input, {input_norm, input_eps});
    Tensor y = at::convolution(as_wide_as(weight, x), weight, bias, stride, padding, dilation,
                               /*transposed=*/false, no_output_padding, groups);
    y = stock_batch_norm(y, {norm, eps});
    const jit::Epilogue epilogue{.activation = static_cast<jit::Activation>(activation),
                                 .combine = static_cast<jit::Combine>(combine)};
    // As when it is fused: the other operand's type does not decide.
    y = apply_epilogue(epilogue, y, other ? &*other : nullptr);
    return y.to(dtype.value_or(input.scalar_type()));
  }

  static const char* to_problem(Convolution& c, const Tensor& input, const Tensor& weight,
                                const std::optional<Tensor>& bias, IntArrayRef stride,
                                IntArrayRef padding, IntArrayRef dilation, int64_t groups,
                                TensorList norm, double eps, int64_t activation, int64_t combine,
                                const std::optional<Tensor>& other,
                                std::optional<at::ScalarType> dtype, TensorList input_norm,
                                double input_eps) {
    check(norm, activation, combine, other, input_norm);  // what it throws, stock throws again
    c.in_graph = true;
    if (const char* why =
            convolution_problem(c, input, weight, bias, {stride, padding, dilation, groups})) {
      return why;
    }
    if (dtype) {
      if (!has_data_type(*dtype)) return "dtype is not float32, bfloat16 or float16";
      c.problem.output = c.shape.output = data_type(*dtype);
    }
    c.epilogue = {.activation = static_cast<jit::Activation>(activation),
                  .combine = static_cast<jit::Combine>(combine)};
    const bool folds = !norm.empty() || !input_norm.empty();
    c.problem.has_epilogue = folds || !c.epilogue.empty();
    if (other) {
      if (const char* why = read_other(c, *other)) return why;
    }
    return folds ? fold_norms(c, {norm, eps}, {input_norm, input_eps}) : nullptr;
  }
};

}  // namespace

// convolution(input [images, channels, 1 to 3 dimensions], weight [outputs, channels of a group,
// window], bias [outputs]) -> [images, outputs, ...]. norm: none, or running mean and variance, or
// weight, bias, mean and variance of a batch norm in eval mode, [outputs] each; input_norm: the
// same of the input, before zeros are put around it, [channels] each. activation, combine, other,
// of the result's size, and dtype as in linear.
void register_stoker_convolution(torch::Library& stoker) {
  stoker.def(schema_with_norms(
                 "stoker::convolution(Tensor input, Tensor weight, Tensor? bias, int[] stride, "
                 "int[] padding, int[] dilation, int groups, *, Tensor[] norm, float eps=0., "
                 "int activation=0, int combine=0, Tensor? other=None, ScalarType? dtype=None, "
                 "Tensor[] input_norm, float input_eps=0.) -> Tensor"),
             {at::Tag::pt2_compliant_tag});
  stoker.impl("convolution", torch::dispatch(c10::DispatchKey::CompositeImplicitAutograd,
                                             TORCH_FN(Override<StokerConvolution>::call)));
}

}  // namespace stoker::aten
