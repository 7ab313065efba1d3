#include "aten/convolution_rows.h"

#include <ATen/EmptyTensor.h>

#include <vector>

#include "aten/activations.h"
#include "aten/depthwise_pack.h"
#include "aten/generated_rows.h"
#include "aten/machine.h"
#include "aten/numerics.h"
#include "aten/onednn_convolution.h"
#include "aten/products.h"
#include "aten/threads.h"
#include "aten/torch_private.h"
#include "aten/weight_choice.h"
#include "kernels/conv/depthwise.h"
#include "kernels/conv/jit.h"
#include "kernels/conv/spatial.h"
#include "kernels/conv/table.h"

namespace stoker::aten {
namespace {

using kernels::DataType;
using kernels::conv::ConvProblem;
using kernels::conv::Extent;

std::vector<kernels::Row>& table() {
  static auto* const rows = new std::vector<kernels::Row>();  // leaked: used during shutdown
  return *rows;
}

at::MemoryFormat channels_last(int64_t dim) {
  return dim == 5 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast;
}

// `given` for the last dimensions of `extent`; false where their numbers do not fit.
bool read_extent(at::IntArrayRef given, size_t dimensions, int64_t least, Extent& extent) {
  if (given.size() != 1 && given.size() != dimensions) return false;
  for (size_t i = 0; i < dimensions; ++i) {
    const int64_t value = given.size() == 1 ? given[0] : given[i];
    if (value < least) return false;
    extent[3 - dimensions + i] = value;
  }
  return true;
}

const char* read_types(Convolution& c) {
  const c10::ScalarType input = c.input->scalar_type(), weight = c.weight->scalar_type();
  const ComputeType types =
      c.in_graph ? graph_compute_type(input, weight) : compute_type(input, weight, c.autocast);
  if (types.declined != nullptr) return types.declined;
  c.shape.input = data_type(*c.input);
  c.shape.multiply = types.multiply;
  c.shape.output = types.output;
  return c.shape.multiply == DataType::kFloat32 ? convolution_precision() : nullptr;
}

const char* read_sizes(Convolution& c) {
  const ConvolutionArguments& arguments = c.arguments;
  const at::Tensor &input = *c.input, &weight = *c.weight;
  ConvProblem& shape = c.shape;
  const size_t dimensions = c.dimensions();
  shape.images = input.size(0);
  shape.channels = input.size(1);
  shape.groups = arguments.groups;
  shape.transposed = arguments.transposed;
  shape.outputs = shape.transposed ? weight.size(1) * shape.groups : weight.size(0);
  const int64_t channels = shape.transposed ? weight.size(0) : weight.size(1) * shape.groups;
  read_extent(input.sizes().slice(2), dimensions, 0, shape.size);
  read_extent(weight.sizes().slice(2), dimensions, 0, shape.kernel);
  if (!read_extent(arguments.stride, dimensions, 1, shape.stride) ||
      !read_extent(arguments.padding, dimensions, 0, shape.padding) ||
      !read_extent(arguments.dilation, dimensions, 1, shape.dilation) ||
      (shape.transposed &&
       !read_extent(arguments.output_padding, dimensions, 0, shape.output_padding))) {
    return "sizes do not match";
  }
  for (size_t i = 0; i < 3; ++i) {
    // Stock allows it where the dilation is larger; oneDNN does not.
    if (shape.output_padding[i] >= shape.stride[i]) return "output padding is not below the stride";
  }
  if (input.numel() == 0 || weight.numel() == 0) return "an operand is empty";
  if (shape.groups < 1 || shape.channels != channels || shape.channels % shape.groups != 0 ||
      shape.outputs % shape.groups != 0 ||
      std::min({shape.out(0), shape.out(1), shape.out(2)}) < 1) {
    return "sizes do not match";
  }
  return nullptr;
}

const char* read_bias(Convolution& c, const std::optional<at::Tensor>& bias) {
  if (!bias || !bias->defined()) return nullptr;
  const bool mixes =
      c.autocast && (bias->scalar_type() == at::kFloat || bias->scalar_type() == at::kBFloat16);
  const at::Tensor& like = c.in_graph ? *c.weight : *c.input;
  if (bias->scalar_type() != like.scalar_type() && !mixes) return "dtypes differ";
  if (bias->dim() != 1 || bias->size(0) != c.shape.outputs || !bias->is_contiguous()) {
    return "bias is not a vector of the output size";
  }
  c.bias = &*bias;
  c.shape.has_bias = true;
  return nullptr;
}

bool suggests_channels_last(const at::Tensor& tensor) {
  return tensor.suggest_memory_format() == channels_last(tensor.dim());
}

const char* read_layouts(Convolution& c) {
  const int64_t dim = c.weight->dim();
  c.weight_channels_last =
      dim > 3 && !c.weight->is_contiguous() && c.weight->is_contiguous(channels_last(dim));
  if (!c.weight->is_contiguous() && !c.weight_channels_last) {
    return "weight is not one dense matrix";
  }
  // Lines become contiguous images of height one, whatever their strides were.
  c.shape.channels_last =
      dim > 3 && (suggests_channels_last(*c.input) || suggests_channels_last(*c.weight));
  c.format = c.shape.channels_last ? channels_last(dim) : at::MemoryFormat::Contiguous;
  return nullptr;
}

// What stock looks at when it chooses a kernel: autocast gives it bf16 copies.
at::Tensor as_stock_sees(const Convolution& c, const at::Tensor& operand) {
  if (!c.autocast || operand.scalar_type() == at::kBFloat16) return operand;
  return at::Tensor(
      at::detail::empty_strided_cpu(operand.sizes(), operand.strides(), at::kBFloat16));
}

// Do the results of groups, each computed by itself, show the format that the images have? With a
// size of one, in the images or in the weight of a group, theirs may be either. Lines have but one.
bool groups_agree(const Convolution& c) {
  const ConvProblem& shape = c.shape;
  return c.dimensions() == 1 ||
         (c.weight->is_contiguous() &&
          std::min({shape.size[1], shape.size[2], shape.out(1), shape.out(2)}) > 1);
}

// Null when stock gives its result in c.format. Of most convolutions all of its kernels do; where
// it has others, to ask it costs 2 us. (NNPACK, where there is one, takes 16 images and more.)
const char* confirm_format(const Convolution& c) {
  if (c.dimensions() < 3 && c.shape.groups == 1 && c.shape.images < 16 && !c.shape.transposed) {
    return nullptr;
  }
  const auto format = torch_private::convolution_format(
      as_stock_sees(c, *c.input), as_stock_sees(c, *c.weight), c.arguments.stride,
      c.arguments.padding, c.arguments.dilation, c.arguments.groups, c.shape.transposed,
      c.arguments.output_padding, groups_agree(c));
  return format == c.format ? nullptr : "stock has a kernel of its own for this convolution";
}

// Undefined, without a refusal, where the weight is multiplied as it is.
Packed packed_weight(jit::GemmMath math, const Convolution& c) {
  const ConvProblem& shape = c.shape;
  if (!shape.packs_weight()) return {};
  if (shape.window() == kernels::Window::kDepthwise) return packed_depthwise(c);
  const FoldedSources sources = weight_sources(c);
  const WeightWindow window{shape.channels, shape.taps(), c.weight_channels_last};
  return packed_panels(math,
                       {.weights = sources,
                        .sightings = c.sightings,
                        .rows = shape.images * shape.pixels(),
                        .rows_before_pack = c.rows_before_pack,
                        .folding = c.folding,
                        .window = shape.window() == kernels::Window::kSpatial ? &window : nullptr});
}

bool run_kernels(const ConvProblem& shape, const kernels::conv::Operands& operands,
                 const kernels::conv::Finish& finish, const kernels::conv::JitOptions& options) {
  switch (shape.window()) {
    case kernels::Window::kDepthwise:
      return kernels::conv::run_depthwise(shape, operands, finish, options.isa, torch_threads());
    case kernels::Window::kSpatial:
      return kernels::conv::run_spatial(shape, operands, finish, options, torch_threads());
    default:
      return kernels::conv::run_jit(shape, operands, finish, options, torch_threads());
  }
}

RowResult<at::Tensor> run_generated(jit::GemmMath math, const Convolution& c) {
  const ConvProblem& shape = c.shape;
  const Machine& m = machine();
  const Packed packed = packed_weight(math, c);
  if (packed.refusal != nullptr) return {at::Tensor(), packed.refusal};
  const at::Tensor x = c.input->contiguous(c.format);
  at::Tensor result = empty_result(c);
  const kernels::conv::Operands operands{
      .x = x.const_data_ptr(),
      .w = packed.value.defined() ? packed.value.const_data_ptr() : c.weight->const_data_ptr(),
      .bias = c.bias ? c.bias->const_data_ptr() : nullptr,
      .y = result.mutable_data_ptr(),
      .w_type = data_type(*c.weight),
      .bias_type = c.bias ? data_type(*c.bias) : shape.input};
  kernels::conv::Finish finish{kernels::conv::fused_part(shape, c.epilogue)};
  at::Tensor other;
  if (finish.epilogue.combine != jit::Combine::kNone) {
    other = c.other->contiguous(c.format);
    finish.other = other.const_data_ptr();
  }
  if (!run_kernels(shape, operands, finish, {m.isa, math, m.l2_bytes})) {
    return {at::Tensor(), "no memory for a generated kernel, or none for this window"};
  }
  apply_epilogue_(rest_of(c.epilogue, finish.epilogue), result, c.other);
  return {std::move(result), nullptr};
}

}  // namespace

const char* convolution_problem(Convolution& c, const at::Tensor& input, const at::Tensor& weight,
                                const std::optional<at::Tensor>& bias,
                                const ConvolutionArguments& arguments) {
  if (input.dim() < 3 || input.dim() > 5 || weight.dim() != input.dim()) {
    return "not a batch of images of one to three dimensions";
  }
  c.input = &input;
  c.weight = &weight;
  c.arguments = arguments;
  if (const char* why = read_types(c)) return why;
  if (const char* why = read_sizes(c)) return why;
  if (const char* why = read_bias(c, bias)) return why;
  if (const char* why = read_layouts(c)) return why;
  c.problem = c.shape.product();
  return nullptr;
}

const char* collect_convolution_rows() {
  const char* absent = find_onednn_convolution();
  std::vector<kernels::Row>& rows = table();
  if (!rows.empty()) return absent;
  const auto generated = kernels::conv::rows(), onednn = onednn_convolution_rows();
  rows.assign(generated.begin(), generated.end());
  rows.insert(rows.end(), onednn.begin(), onednn.end());
  return absent;
}

const char* choose_row(Convolution& c, const kernels::Row*& row) {
  const WeightUse use{c.weight->scalar_type() == at::kFloat, /*known=*/true, c.autocast,
                      c.in_graph};
  const auto [chosen, sightings] = choose_for_weight(table(), table(), c.problem, use);
  c.shape.multiply = c.problem.multiply;
  if (chosen.row == nullptr) return chosen.reason;
  row = chosen.row;
  c.sightings = sightings;
  c.rows_before_pack = chosen.rows_before_pack;
  return c.in_graph ? nullptr : confirm_format(c);
}

RowResult<at::Tensor> run_row(const kernels::Row& row, const Convolution& c) {
  const auto run = [&](const Convolution& with_bias) {
    return row.generated ? run_generated(*row.generated, with_bias) : run_onednn(row, with_bias);
  };
  const auto fold_and_run = [&](const Convolution& one) -> RowResult<at::Tensor> {
    if (one.folding.empty()) return run(one);
    const Packed bias = folded_bias(one.folding, weight_sources(one)[0], one.bias, one.sightings,
                                    one.shape.images * one.shape.pixels(), one.rows_before_pack);
    if (bias.refusal != nullptr) return {at::Tensor(), bias.refusal};
    Convolution folded = one;
    folded.bias = &bias.value;
    return run(folded);
  };
  // The zeros around an image are no values of a norm. Rounded to bf16 before their mean is taken
  // off, values would lose more than after it.
  const bool folds = c.shape.padding == Extent{0, 0, 0} && c.shape.multiply == DataType::kFloat32;
  return run_folded(c, folds, fold_and_run, [](const at::Tensor& x, const BatchNorm& norm) {
    return stock_batch_norm(x, norm);
  });
}

at::Tensor empty_result(const Convolution& c) {
  at::DimVector sizes{c.shape.images, c.shape.outputs};
  for (size_t i = 3 - c.dimensions(); i < 3; ++i) sizes.push_back(c.shape.out(i));
  return at::Tensor(
      at::detail::empty_cpu(sizes, scalar_type(c.shape.output), /*pin_memory=*/false, c.format));
}

FoldedSources weight_sources(const Convolution& c) {
  const int64_t rows = c.weight->size(0), columns = c.weight->numel() / rows;
  return folded_sources({c.weight, rows, columns, columns, 1}, c.folding);
}

}  // namespace stoker::aten
