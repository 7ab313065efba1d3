#include "aten/onednn_convolution.h"

#include <ATen/core/LegacyTypeDispatch.h>

#include <optional>

#include "aten/activations.h"
#include "aten/numerics.h"
#include "aten/onednn_rows.h"

namespace stoker::aten {
namespace {

using Pointwise = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                             at::IntArrayRef, at::IntArrayRef, at::IntArrayRef, int64_t,
                             std::string_view, c10::List<std::optional<at::Scalar>>,
                             std::optional<std::string_view>);
using PointwiseBinary = at::Tensor(const at::Tensor&, const at::Tensor&, const at::Tensor&,
                                   const std::optional<at::Tensor>&, at::IntArrayRef,
                                   at::IntArrayRef, at::IntArrayRef, int64_t, std::string_view,
                                   std::optional<at::Scalar>, std::optional<std::string_view>,
                                   c10::List<std::optional<at::Scalar>>,
                                   std::optional<std::string_view>);
using Reorder = at::Tensor(const at::Tensor&, at::IntArrayRef, at::IntArrayRef, at::IntArrayRef,
                           int64_t, at::OptionalIntArrayRef);
using Transposed = at::Tensor(const at::Tensor&, const at::Tensor&,
                              const std::optional<at::Tensor>&, at::IntArrayRef, at::IntArrayRef,
                              at::IntArrayRef, at::IntArrayRef, int64_t, std::string_view,
                              c10::List<std::optional<at::Scalar>>,
                              std::optional<std::string_view>);
using ReorderTransposed = at::Tensor(const at::Tensor&, at::IntArrayRef, at::IntArrayRef,
                                     at::IntArrayRef, at::IntArrayRef, int64_t,
                                     at::OptionalIntArrayRef);

struct Operators {
  c10::TypedOperatorHandle<Pointwise> convolution;
  c10::TypedOperatorHandle<PointwiseBinary> binary;
  c10::TypedOperatorHandle<Reorder> reorder;
  c10::TypedOperatorHandle<Transposed> transposed;
  c10::TypedOperatorHandle<ReorderTransposed> reorder_transposed;
};

std::optional<Operators>& operators() {
  static std::optional<Operators> found;
  return found;
}

constexpr const char* kOtherWay = "unsupported: the convolution is transposed, or is not";

const char* rounds_to(const kernels::MatmulProblem& p, kernels::DataType type,
                      bool transposed = false) noexcept {
  if ((p.window == kernels::Window::kTransposed) != transposed) return kOtherWay;
  return p.output == type ? nullptr : "unsupported: oneDNN mixes no types";
}
const char* f32_only(const kernels::MatmulProblem& p) noexcept {
  return rounds_to(p, kernels::DataType::kFloat32);
}
// Autocast casts fp32 operands; so does the row, the weight once.
const char* bf16_only(const kernels::MatmulProblem& p) noexcept {
  return rounds_to(p, kernels::DataType::kBFloat16);
}
const char* transposed_f32(const kernels::MatmulProblem& p) noexcept {
  return rounds_to(p, kernels::DataType::kFloat32, true);
}
const char* transposed_bf16(const kernels::MatmulProblem& p) noexcept {
  return rounds_to(p, kernels::DataType::kBFloat16, true);
}

// The wide rows multiply bf16 values in fp32, for CPUs where stock has plain loops for bf16. With
// fp32 results the wide one is no faster than fp32 itself and only there to be tested; the other
// rounds its result to bf16 on the way: torch's operators give the type of their operands.
constexpr kernels::Row kRows[] = {
    {"onednn_conv_f32", jit::Isa::kAvx2, kernels::DataType::kFloat32, &f32_only, {}},
    {"onednn_conv_bf16", jit::Isa::kAvx512Bf16, kernels::DataType::kBFloat16, &bf16_only, {}},
    {"onednn_conv_bf16_wide", jit::Isa::kAvx2, kernels::DataType::kBFloat16, &bf16_only, {}},
    {"onednn_conv_bf16_f32", jit::Isa::kAvx512Bf16, kernels::DataType::kBFloat16, &f32_only, {}},
    {"onednn_conv_bf16_wide_f32", jit::Isa::kAvx2, kernels::DataType::kBFloat16, &f32_only, {}},
    {"onednn_transposed_f32", jit::Isa::kAvx2, kernels::DataType::kFloat32, &transposed_f32, {}},
    {"onednn_transposed_bf16",
     jit::Isa::kAvx512Bf16,
     kernels::DataType::kBFloat16,
     &transposed_bf16,
     {}},
    {"onednn_transposed_bf16_wide",
     jit::Isa::kAvx2,
     kernels::DataType::kBFloat16,
     &transposed_bf16,
     {}},
};

// oneDNN knows two and three dimensions: a line is an image of height one, as in stock.
struct Window {
  explicit Window(const Convolution& c) {
    const size_t dimensions = c.dimensions() == 1 ? 2 : c.dimensions();
    for (size_t i = 3 - dimensions; i < 3; ++i) {
      padding.push_back(c.shape.padding[i]);
      output_padding.push_back(c.shape.output_padding[i]);
      stride.push_back(c.shape.stride[i]);
      dilation.push_back(c.shape.dilation[i]);
      kernel.push_back(c.shape.kernel[i]);
      size.push_back(c.shape.size[i]);
    }
  }
  c10::SmallVector<int64_t, 3> padding, output_padding, stride, dilation, kernel, size;
};

// The memory of the weight as the weight, with two dimensions of a window at least.
at::Tensor logical_weight(const at::Tensor& matrix, const Convolution& c, const Window& window) {
  const int64_t channels = c.weight->size(1);
  at::DimVector sizes{c.weight->size(0)};
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
  // oneDNN adds an fp32 bias to bf16 products as it is. Rounded, those of folded norms made
  // MobileNet v2's error 1.25 times that of autocast, which adds them in fp32 (0.9 unrounded).
  at::Tensor bias() const {
    return c.in_graph && c.bias->scalar_type() == at::kFloat ? *c.bias : operand(*c.bias);
  }
};

Packed reorder(std::span<const at::Tensor> sources, const void* context) {
  const Call& call = *static_cast<const Call*>(context);
  const Convolution& c = call.c;
  const Window window(c);
  // Stock's loops multiply the zeros around the image, oneDNN does not: infinity times zero shows.
  const at::Tensor matrix = finite_weight(sources, c.folding, scalar_type(c.shape.multiply));
  if (!matrix.defined()) return {at::Tensor(), kNotFinite};
  const at::Tensor weight = logical_weight(matrix.to(call.computed), c, window);
  at::DimVector size{c.shape.images, c.shape.channels};
  size.append(window.size.begin(), window.size.end());
  if (c.shape.transposed) {
    return {operators()->reorder_transposed.call(weight, window.padding, window.output_padding,
                                                 window.stride, window.dilation, c.shape.groups,
                                                 at::IntArrayRef(size))};
  }
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
  if (c.shape.transposed) {
    variant.append(window.output_padding.begin(), window.output_padding.end());
  }
  append_identity(variant, c.folding);
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

// What one call of oneDNN does after the sum.
struct Fusion {
  jit::Epilogue part;
  std::string_view unary = "none", binary = {};
  std::optional<std::string_view> algorithm = {};
};

// Only functions that are x times something: oneDNN's others (relu, clip, hardsigmoid; sigmoid and
// tanh on some CPUs) make a number of NaN, torch's keep it. They cost a pass over the result.
Fusion unary_fusion(jit::Activation activation) {
  switch (activation) {
    case jit::Activation::kGelu:
      return {{.activation = activation}, "gelu", {}, "none"};
    case jit::Activation::kGeluTanh:
      return {{.activation = activation}, "gelu", {}, "tanh"};
    case jit::Activation::kSilu:
      return {{.activation = activation}, "swish"};
    case jit::Activation::kHardswish:
      return {{.activation = activation}, "hardswish"};
    default:
      return {};
  }
}

// The first step of the epilogue, where oneDNN has it.
Fusion fusion_of(const Call& call) {
  using enum jit::Combine;
  const jit::Epilogue& e = call.c.epilogue;
  const bool combines_first = e.combine == kAddThenActivate ||
                              (e.combine != kNone && e.activation == jit::Activation::kNone);
  if (!combines_first) return unary_fusion(e.activation);
  // Of groups torch's operator makes two calls.
  if (call.c.shape.groups > 1 || call.c.other->scalar_type() != call.computed) return {};
  if (e.combine == kMultiply) return {{.combine = kMultiply}, "none", "mul"};
  return {{.combine = kAdd}, "none", "add"};
}

struct Inputs {
  at::Tensor x, weight, other;  // other is looked at where the fusion has it
  std::optional<at::Tensor> bias;
};

at::Tensor call_operator(const Inputs& in, const Window& window, const Convolution& c,
                         const Fusion& fusion) {
  const Operators& onednn = *operators();
  const int64_t groups = c.shape.groups;
  const c10::List<std::optional<at::Scalar>> no_scalars;
  if (c.shape.transposed) {
    return onednn.transposed.call(in.x, in.weight, in.bias, window.padding, window.output_padding,
                                  window.stride, window.dilation, groups, "none", no_scalars,
                                  std::nullopt);
  }
  if (fusion.binary.empty()) {
    return onednn.convolution.call(in.x, in.weight, in.bias, window.padding, window.stride,
                                   window.dilation, groups, fusion.unary, no_scalars,
                                   fusion.algorithm);
  }
  return onednn.binary.call(in.x, in.other, in.weight, in.bias, window.padding, window.stride,
                            window.dilation, groups, fusion.binary, std::nullopt, std::nullopt,
                            no_scalars, std::nullopt);
}

at::Tensor convolve(const Call& call, const Window& window, const at::Tensor& weight) {
  const Convolution& c = call.c;
  const bool line = c.dimensions() == 1;
  Inputs in{call.operand(line ? c.input->unsqueeze(2) : *c.input), weight, {}, {}};
  if (c.other != nullptr) in.other = line ? c.other->unsqueeze(2) : *c.other;
  if (c.bias != nullptr) in.bias = call.bias();
  const Fusion fusion = fusion_of(call);
  at::Tensor y = call_operator(in, window, c, fusion);
  if (c.shape.output == kernels::DataType::kFloat32) y = y.to(at::kFloat);
  apply_epilogue_(rest_of(c.epilogue, fusion.part), y, &in.other);
  return line ? y.squeeze(2) : y;
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
  const auto binary = find_operator<PointwiseBinary>(
      "mkldnn::_convolution_pointwise",
      "mkldnn::_convolution_pointwise.binary(Tensor X, Tensor other, Tensor W, Tensor? B, int[] "
      "padding, int[] stride, int[] dilation, int groups, str binary_attr, Scalar? alpha, str? "
      "unary_attr, Scalar?[] unary_scalars, str? unary_algorithm) -> Tensor Y",
      "binary");
  const auto reorder_weight = find_operator<Reorder>(
      "mkldnn::_reorder_convolution_weight",
      "mkldnn::_reorder_convolution_weight(Tensor self, int[2] padding=0, int[2] stride=1, int[2] "
      "dilation=1, int groups=1, int[]? input_size=None) -> Tensor Y");
  const auto transposed = find_operator<Transposed>(
      "mkldnn::_convolution_transpose_pointwise",
      "mkldnn::_convolution_transpose_pointwise(Tensor X, Tensor W, Tensor? B, int[] padding, "
      "int[] "
      "output_padding, int[] stride, int[] dilation, int groups, str attr, Scalar?[] scalars, str? "
      "algorithm) -> Tensor Y");
  const auto reorder_transposed = find_operator<ReorderTransposed>(
      "mkldnn::_reorder_convolution_transpose_weight",
      "mkldnn::_reorder_convolution_transpose_weight(Tensor self, int[2] padding=0, int[2] "
      "output_padding=0, int[2] stride=1, int[2] dilation=1, int groups=1, int[]? input_size=None) "
      "-> Tensor Y");
  if (!convolution || !binary || !reorder_weight || !transposed || !reorder_transposed) {
    return "torch's oneDNN operators are absent or changed";
  }
  operators() = Operators{*convolution, *binary, *reorder_weight, *transposed, *reorder_transposed};
  return nullptr;
}

std::span<const kernels::Row> onednn_convolution_rows() noexcept {
  return operators() ? std::span<const kernels::Row>(kRows) : std::span<const kernels::Row>();
}

RowResult<at::Tensor> run_onednn(const kernels::Row& row, const Convolution& c) {
  const Call call{c, row.needs < jit::Isa::kAvx512Bf16 ? at::kFloat : at::kBFloat16};
  const Window window(c);
  const FoldedSources sources = weight_sources(c);
  const Packed packed = get_packed({.recipe = Recipe::kOnednnConv,
                                    .sources = sources,
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
  const at::Tensor y = convolve(call, window, packed.value).to(scalar_type(c.shape.output));
  if (has_stock_strides(y, c)) return {y, nullptr};
  at::Tensor result = empty_result(c);
  result.copy_(y);
  return {std::move(result), nullptr};
}

}  // namespace stoker::aten
