#include "aten/onednn_convolution.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/all.h>
#include <ATen/ops/isfinite.h>

#include <optional>

#include "aten/numerics.h"
#include "aten/onednn_rows.h"

namespace stoker::aten {
namespace {

using Pointwise = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                             at::IntArrayRef, at::IntArrayRef, at::IntArrayRef, int64_t,
                             std::string_view, c10::List<std::optional<at::Scalar>>,
                             std::optional<std::string_view>);
using Reorder = at::Tensor(const at::Tensor&, at::IntArrayRef, at::IntArrayRef, at::IntArrayRef,
                           int64_t, at::OptionalIntArrayRef);

struct Operators {
  c10::TypedOperatorHandle<Pointwise> convolution;
  c10::TypedOperatorHandle<Reorder> reorder;
};

std::optional<Operators>& operators() {
  static std::optional<Operators> found;
  return found;
}

const char* rounds_to(const kernels::MatmulProblem& p, kernels::DataType type) noexcept {
  return p.output == type ? nullptr : "unsupported: oneDNN mixes no types";
}
const char* f32_only(const kernels::MatmulProblem& p) noexcept {
  return rounds_to(p, kernels::DataType::kFloat32);
}
// Autocast casts fp32 operands; so does the row, the weight once.
const char* bf16_only(const kernels::MatmulProblem& p) noexcept {
  return rounds_to(p, kernels::DataType::kBFloat16);
}

// The wide row multiplies bf16 values in fp32, for CPUs where stock has plain loops for bf16.
constexpr kernels::Row kRows[] = {
    {"onednn_conv_f32", jit::Isa::kAvx2, kernels::DataType::kFloat32, &f32_only, {}},
    {"onednn_conv_bf16", jit::Isa::kAvx512Bf16, kernels::DataType::kBFloat16, &bf16_only, {}},
    {"onednn_conv_bf16_wide", jit::Isa::kAvx2, kernels::DataType::kBFloat16, &bf16_only, {}},
};

// oneDNN knows two and three dimensions: a line is an image of height one, as in stock.
struct Window {
  explicit Window(const Convolution& c) {
    const size_t dimensions = c.dimensions() == 1 ? 2 : c.dimensions();
    for (size_t i = 3 - dimensions; i < 3; ++i) {
      padding.push_back(c.shape.padding[i]);
      stride.push_back(c.shape.stride[i]);
      dilation.push_back(c.shape.dilation[i]);
      kernel.push_back(c.shape.kernel[i]);
      size.push_back(c.shape.size[i]);
    }
  }
  c10::SmallVector<int64_t, 3> padding, stride, dilation, kernel, size;
};

// The memory of the weight as [outputs, channels of a group, window].
at::Tensor logical_weight(const at::Tensor& matrix, const Convolution& c, const Window& window) {
  const int64_t channels = c.shape.channels / c.shape.groups;
  at::DimVector sizes{c.shape.outputs};
  if (!c.weight_channels_last) sizes.push_back(channels);
  sizes.append(window.kernel.begin(), window.kernel.end());
  if (!c.weight_channels_last) return matrix.view(sizes);
  sizes.push_back(channels);
  return matrix.view(sizes).movedim(-1, 1);
}

// A convolution and how oneDNN is to compute it.
struct Call {
  const Convolution& c;
  at::ScalarType computed;  // what its operands are given as

  // Rounded to the type of the multiplication first, where that is another one.
  at::Tensor operand(const at::Tensor& tensor) const {
    return tensor.to(scalar_type(c.shape.multiply)).to(computed);
  }
};

Packed reorder(std::span<const at::Tensor> sources, const void* context) {
  const Call& call = *static_cast<const Call*>(context);
  const Convolution& c = call.c;
  const Window window(c);
  const at::Tensor weight = logical_weight(call.operand(sources[0]), c, window);
  // Stock's loops multiply the zeros around the image, oneDNN does not: infinity times zero shows.
  if (!at::isfinite(weight).all().item<bool>()) return {at::Tensor(), "weight is not finite"};
  at::DimVector size{c.shape.images, c.shape.channels};
  size.append(window.size.begin(), window.size.end());
  return {operators()->reorder.call(weight, window.padding, window.stride, window.dilation,
                                    c.shape.groups, at::IntArrayRef(size))};
}

// Of an image only its size is left out: oneDNN computes any size with any packing of the weight.
PackVariant variant_of(const Call& call, const Window& window) {
  const Convolution& c = call.c;
  PackVariant variant{static_cast<int64_t>(c.shape.multiply), static_cast<int64_t>(call.computed),
                      c.weight_channels_last, c.shape.groups, c.shape.channels};
  for (const auto* part : {&window.kernel, &window.padding, &window.stride, &window.dilation}) {
    variant.append(part->begin(), part->end());
  }
  return variant;
}

// oneDNN pads channels to whole vectors.
int64_t reordered_bytes(const Call& call) {
  const Convolution& c = call.c;
  const auto padded = [](int64_t channels) { return (channels + 15) / 16 * 16; };
  const int64_t channels = c.shape.channels / c.shape.groups;
  return padded(c.shape.outputs) * (c.shape.groups == 1 ? padded(channels) : channels) *
         c.shape.taps() * static_cast<int64_t>(c10::elementSize(call.computed));
}

// oneDNN gives channels last, with strides of its own where a size is one.
bool has_stock_strides(const at::Tensor& y, const Convolution& c) {
  if (c.format == at::MemoryFormat::ChannelsLast) {
    return y.strides() == at::IntArrayRef(c10::get_channels_last_strides_2d(y.sizes()));
  }
  return c.format == at::MemoryFormat::ChannelsLast3d &&
         y.strides() == at::IntArrayRef(c10::get_channels_last_strides_3d(y.sizes()));
}

}  // namespace

const char* find_onednn_convolution() {
  const auto convolution = find_operator<Pointwise>(
      "mkldnn::_convolution_pointwise",
      "mkldnn::_convolution_pointwise(Tensor X, Tensor W, Tensor? B, int[] padding, int[] stride, "
      "int[] dilation, int groups, str attr, Scalar?[] scalars, str? algorithm) -> Tensor Y");
  const auto reorder_weight = find_operator<Reorder>(
      "mkldnn::_reorder_convolution_weight",
      "mkldnn::_reorder_convolution_weight(Tensor self, int[2] padding=0, int[2] stride=1, int[2] "
      "dilation=1, int groups=1, int[]? input_size=None) -> Tensor Y");
  if (!convolution || !reorder_weight) return "torch's oneDNN operators are absent or changed";
  operators() = Operators{*convolution, *reorder_weight};
  return nullptr;
}

std::span<const kernels::Row> onednn_convolution_rows() noexcept {
  return operators() ? std::span<const kernels::Row>(kRows) : std::span<const kernels::Row>();
}

RowResult<at::Tensor> run_onednn(const kernels::Row& row, const Convolution& c) {
  const Call call{c, row.needs < jit::Isa::kAvx512Bf16 ? at::kFloat : at::kBFloat16};
  const Window window(c);
  const Source source = weight_matrix(c);
  const Packed packed = get_packed({.recipe = Recipe::kOnednnConv,
                                    .sources = {&source, 1},
                                    .pack = &reorder,
                                    .bytes = reordered_bytes(call),
                                    .sightings = c.sightings,
                                    .rows = c.shape.images * c.shape.pixels(),
                                    .rows_before_pack = c.rows_before_pack,
                                    .variant = variant_of(call, window),
                                    .context = &call});
  if (packed.refusal != nullptr) return {at::Tensor(), packed.refusal};
  // Nothing records this call (the gate saw to it): skip the autograd keys' fallthroughs.
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  const bool line = c.dimensions() == 1;
  const at::Tensor x = call.operand(line ? c.input->unsqueeze(2) : *c.input);
  std::optional<at::Tensor> bias;
  if (c.bias != nullptr) bias = call.operand(*c.bias);
  at::Tensor y = operators()->convolution.call(
      x, packed.value, bias, window.padding, window.stride, window.dilation, c.shape.groups, "none",
      c10::List<std::optional<at::Scalar>>(), std::nullopt);
  if (line) y = y.squeeze(2);
  y = y.to(scalar_type(c.shape.output));
  if (has_stock_strides(y, c)) return {std::move(y), nullptr};
  at::Tensor result = empty_result(c);
  result.copy_(y);
  return {std::move(result), nullptr};
}

}  // namespace stoker::aten
