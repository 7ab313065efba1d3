// aten::_convolution, at CPU: the one door. Eager conv1d to conv_transpose3d come through
// aten::convolution, traced and frozen graphs call it directly; `_convolution.deprecated`, of old
// graphs, becomes it.
#include <ATen/core/Tensor.h>
#include <ATen/ops/_convolution_compositeexplicitautograd_dispatch.h>

#include "aten/convolution_rows.h"
#include "aten/override.h"
#include "aten/register.h"

namespace stoker::aten {
namespace {

using at::IntArrayRef;
using at::Tensor;

struct ConvolutionOp : ReturnsResult<Convolution> {
  using Schema = Tensor(const Tensor&, const Tensor&, const std::optional<Tensor>&, IntArrayRef,
                        IntArrayRef, IntArrayRef, bool, IntArrayRef, int64_t, bool, bool, bool,
                        bool);
  static constexpr OpId id = OpId::kConvolution;

  static Tensor stock(const Tensor& input, const Tensor& weight, const std::optional<Tensor>& bias,
                      IntArrayRef stride, IntArrayRef padding, IntArrayRef dilation,
                      bool transposed, IntArrayRef output_padding, int64_t groups, bool benchmark,
                      bool deterministic, bool cudnn_enabled, bool allow_tf32) {
    return at::compositeexplicitautograd::_convolution(
        input, weight, bias, stride, padding, dilation, transposed, output_padding, groups,
        benchmark, deterministic, cudnn_enabled, allow_tf32);
  }

  static const char* to_problem(Convolution& convolution, const Tensor& input, const Tensor& weight,
                                const std::optional<Tensor>& bias, IntArrayRef stride,
                                IntArrayRef padding, IntArrayRef dilation, bool transposed,
                                IntArrayRef output_padding, int64_t groups, bool, bool, bool,
                                bool) {
    return convolution_problem(convolution, input, weight, bias,
                               {stride, padding, dilation, groups, transposed, output_padding});
  }
};

}  // namespace

void register_convolution(torch::Library& cpu) {
  if (may_override("_convolution", "", c10::DispatchKey::CPU)) {
    cpu.impl("_convolution", TORCH_FN(Override<ConvolutionOp>::call));
  }
}

}  // namespace stoker::aten
