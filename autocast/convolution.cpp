// Convolutions inside the user's torch.autocast("cpu", torch.bfloat16): the packed bf16 weight is
// made once, from the fp32 parameter. What is declined runs torch's own policy.
#include "aten/convolution_rows.h"
#include "aten/override.h"
#include "aten/register.h"
#include "autocast/stock_policy.h"

namespace stoker::aten {
namespace {

using at::Tensor;
using c10::SymInt;
using c10::SymIntArrayRef;

using ConvolutionSchema = Tensor(const Tensor&, const Tensor&, const std::optional<Tensor>&,
                                 SymIntArrayRef, SymIntArrayRef, SymIntArrayRef, SymInt);

template <OpId kId, int64_t kDimensions, ConvolutionSchema* kPolicy>
struct AutocastConvolution : ReturnsResult<Convolution> {
  using Schema = ConvolutionSchema;
  static constexpr OpId id = kId;

  static Tensor stock(const Tensor& input, const Tensor& weight, const std::optional<Tensor>& bias,
                      SymIntArrayRef stride, SymIntArrayRef padding, SymIntArrayRef dilation,
                      SymInt groups) {
    return kPolicy(input, weight, bias, stride, padding, dilation, std::move(groups));
  }

  static const char* to_problem(Convolution& convolution, const Tensor& input, const Tensor& weight,
                                const std::optional<Tensor>& bias, SymIntArrayRef stride,
                                SymIntArrayRef padding, SymIntArrayRef dilation,
                                const SymInt& groups) {
    const auto strides = c10::asIntArrayRefSlowOpt(stride);
    const auto paddings = c10::asIntArrayRefSlowOpt(padding);
    const auto dilations = c10::asIntArrayRefSlowOpt(dilation);
    if (!strides || !paddings || !dilations || groups.is_symbolic()) return "sizes are symbolic";
    if (weight.dim() != kDimensions + 2) return "sizes do not match";
    convolution.autocast = true;
    return convolution_problem(convolution, input, weight, bias,
                               {*strides, *paddings, *dilations, groups.expect_int()});
  }
};

template <class Op>
void add(torch::Library& autocast, const char* op) {
  if (!may_override(op, "", c10::DispatchKey::AutocastCPU)) return;
  autocast.impl(op, torch::CppFunction::makeFromUnboxedFunction(&Override<Op>::call));
}

}  // namespace

void register_autocast_convolutions(torch::Library& autocast) {
  add<AutocastConvolution<OpId::kAutocastConv1d, 1, &STOCK_POLICY(conv1d)>>(autocast, "conv1d");
  add<AutocastConvolution<OpId::kAutocastConv2d, 2, &STOCK_POLICY(conv2d)>>(autocast, "conv2d");
  add<AutocastConvolution<OpId::kAutocastConv3d, 3, &STOCK_POLICY(conv3d)>>(autocast, "conv3d");
}

}  // namespace stoker::aten
