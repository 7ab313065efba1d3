// One convolution as the rows see it: convolution(), the CPU key and autocast alike.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <optional>

#include "aten/folding.h"
#include "aten/packed_weights.h"
#include "aten/row_result.h"
#include "kernels/conv/conv.h"
#include "kernels/select.h"

namespace stoker::aten {

inline constexpr std::array<int64_t, 1> kNoOutputPadding{0};

struct ConvolutionArguments {
  at::IntArrayRef stride, padding, dilation;  // one for all dimensions, or one each
  int64_t groups = 1;
  bool transposed = false;
  at::IntArrayRef output_padding = kNoOutputPadding;  // of a transposed one
};

struct Convolution {
  kernels::MatmulProblem problem;  // the product it comes to
  kernels::conv::ConvProblem shape;
  const at::Tensor* input = nullptr;  // [images, channels, 1 to 3 dimensions]
  // [outputs, channels of a group, window], transposed [channels, outputs of a group, window];
  // dense
  const at::Tensor* weight = nullptr;
  const at::Tensor* bias = nullptr;  // [outputs], contiguous, or null
  // Of stoker::convolution only, whose result lies in `format` whatever stock's would:
  bool in_graph = false;
  Folding folding;  // by run_row(), into the weight and the bias
  jit::Epilogue epilogue;
  const at::Tensor* other = nullptr;  // of the epilogue; of the result's size, any layout
  // Of the result, and what the input is brought to; choose_row() makes sure that it is stock's,
  // if not in a graph.
  at::MemoryFormat format = at::MemoryFormat::Contiguous;
  bool weight_channels_last = false;
  ConvolutionArguments arguments;
  bool autocast = false;  // reached through AutocastCPU: operands may differ in type
  // When a pack is worth making; choose_row() says.
  uint32_t sightings = 0;
  int64_t rows_before_pack = 0;

  size_t dimensions() const { return static_cast<size_t>(input->dim()) - 2; }
};

// Completes `convolution` (autocast is set before). Null, or why not; what stock refuses is
// declined or throws.
const char* convolution_problem(Convolution& convolution, const at::Tensor& input,
                                const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                                const ConvolutionArguments& arguments);

// Makes the table: generated kernels first, then the libraries' rows that are there. Called once,
// when the overrides are registered. Null, or why a library's rows are absent.
const char* collect_convolution_rows();

// The row for `convolution`, which it completes. Null, or why there is none. In bf16 mode one that
// no bf16 row makes faster stays fp32.
const char* choose_row(Convolution& convolution, const kernels::Row*& row);

// Runs the row; its value has stock's sizes and strides and problem.output as its dtype. Declined
// when the weight may not be packed.
RowResult<at::Tensor> run_row(const kernels::Row& row, const Convolution& convolution);

// A new tensor of that form.
at::Tensor empty_result(const Convolution& convolution);

// What the packed weight is made of: the weight as the matrix its memory is, and the norm.
FoldedSources weight_sources(const Convolution& convolution);

}  // namespace stoker::aten
