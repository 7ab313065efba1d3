#include "aten/generated_rows.h"

#include <ATen/EmptyTensor.h>
#include <ATen/ops/constant_pad_nd.h>

#include "aten/machine.h"
#include "aten/numerics.h"
#include "aten/pack_memory.h"
#include "aten/threads.h"
#include "kernels/linear/jit.h"
#include "kernels/rounding.h"

namespace stoker::aten {
namespace {

using jit::GemmMath;
using kernels::linear::Layout;
using kernels::linear::Matrix;

constexpr const char* kNoKernel = "no memory for a generated kernel";

Layout layout_for(GemmMath math) { return Layout::of(machine().isa, math); }

// One matrix, copied only when it is several or has rows that no kernel packs.
at::Tensor packable(std::span<const at::Tensor> sources) {
  if (sources.size() > 1) return side_by_side(sources);
  const at::Tensor& w = sources[0];
  const bool along_k = w.stride(1) == 1 && w.stride(0) >= w.size(1);
  const bool along_n = w.stride(0) == 1 && w.stride(1) >= w.size(0);
  return along_k || along_n ? w : w.contiguous();
}

Matrix matrix_of(const at::Tensor& w) {
  Matrix matrix{w.const_data_ptr(), data_type(w), w.size(0), w.size(1), w.stride(0), w.stride(1)};
  // The stride of a side of one may be anything.
  if (w.is_contiguous()) matrix.n_stride = matrix.k, matrix.k_stride = 1;
  return matrix;
}

// Columns of the packed matrix.
int64_t packed_columns(GemmMath math, const PanelRequest& request) {
  const WeightWindow* window = request.window;
  if (window == nullptr) return request.weights[0].cols;
  return window->taps * kernels::round_up(window->channels, jit::gemm_step(math));
}

at::Tensor by_taps(const at::Tensor& weight, const WeightWindow& window, int64_t columns) {
  const int64_t outputs = weight.size(0), channels = window.channels, taps = window.taps;
  const at::Tensor rows = window.channels_last
                              ? weight.view({outputs, taps, channels})
                              : weight.view({outputs, channels, taps}).transpose(1, 2);
  const int64_t missing = columns / taps - channels;
  const at::Tensor padded = missing > 0 ? at::constant_pad_nd(rows, {0, missing}) : rows;
  return padded.contiguous().view({outputs, columns});
}

constexpr at::ScalarType multiplied_type(GemmMath math) {
  if (math == GemmMath::kF32) return at::kFloat;
  return math == GemmMath::kF16 ? at::kHalf : at::kBFloat16;
}

// Undefined where it is not finite and has to be.
at::Tensor packed_matrix(GemmMath math, std::span<const at::Tensor> sources,
                         const PanelRequest& request) {
  const Folding& folding = request.folding;
  if (request.window == nullptr) {
    return folding.empty() ? packable(sources) : fold_weight(sources, folding);
  }
  const at::Tensor weight = finite_weight(sources, folding, multiplied_type(math));
  if (!weight.defined()) return weight;
  return by_taps(weight, *request.window, packed_columns(math, request));
}

template <GemmMath math>
Packed pack(std::span<const at::Tensor> sources, const void* context) {
  const auto& request = *static_cast<const PanelRequest*>(context);
  const at::Tensor weight = packed_matrix(math, sources, request);
  if (!weight.defined()) return {at::Tensor(), kNotFinite};
  const Matrix matrix = matrix_of(weight);
  const Layout layout = layout_for(math);
  at::Tensor packed = pack_memory(layout.bytes(matrix.n, matrix.k));
  if (!packed.defined()) return {at::Tensor(), "no memory for the pack"};
  if (!kernels::linear::pack(layout, matrix, packed.mutable_data_ptr(), torch_threads())) {
    return {at::Tensor(), kNoKernel};
  }
  return {std::move(packed)};
}

struct Recipes {
  Recipe recipe;
  Packed (*pack)(std::span<const at::Tensor> sources, const void* context);
};

// Both ways to multiply bf16 read the same panels.
Recipes recipe_of(GemmMath math) {
  if (math == GemmMath::kF32) return {Recipe::kPanelsF32, &pack<GemmMath::kF32>};
  if (math == GemmMath::kF16) return {Recipe::kPanelsF16, &pack<GemmMath::kF16>};
  return {Recipe::kPanelsBf16, &pack<GemmMath::kBf16Dot>};
}

at::Tensor result_of(const WeightProduct& product) {
  at::DimVector sizes(product.input->sizes());
  sizes.back() = product.problem.n;
  return at::Tensor(at::detail::empty_cpu(sizes, scalar_type(product.problem.output)));
}

}  // namespace

Packed packed_panels(GemmMath math, const PanelRequest& request) {
  int64_t outputs = 0;
  for (const Source& weight : request.weights) outputs += weight.rows;
  PackVariant variant;
  if (!request.folding.empty()) outputs = request.weights[0].rows;
  append_identity(variant, request.folding);
  if (request.window != nullptr) {
    variant.append({request.window->channels, request.window->taps, request.window->channels_last});
  }
  const Recipes made = recipe_of(math);
  return get_packed({made.recipe, request.weights, made.pack,
                     layout_for(math).bytes(outputs, packed_columns(math, request)),
                     request.sightings, request.rows, request.rows_before_pack, variant, &request});
}

RowResult<at::Tensor> run_generated(GemmMath math, const WeightProduct& product) {
  const Layout layout = layout_for(math);
  const Folding& folding = product.folding;
  FoldedSources folded;
  Packed with_norms;
  if (!folding.empty()) {
    folded = folded_sources(product.weights[0], folding);
    with_norms = folded_bias(folding, product.weights[0], product.bias, product.sightings,
                             product.problem.m, product.rows_before_pack);
    if (with_norms.refusal != nullptr) return {at::Tensor(), with_norms.refusal};
  }
  const std::span<const Source> alone(product.weights);
  const Packed packed = packed_panels(
      math, {folding.empty() ? alone : std::span<const Source>(folded), product.sightings,
             product.problem.m, product.rows_before_pack, folding});
  if (packed.refusal != nullptr) return {at::Tensor(), packed.refusal};
  const at::Tensor* const bias = folding.empty() ? product.bias : &with_norms.value;
  const kernels::MatmulProblem& problem = product.problem;
  at::Tensor result = result_of(product);
  const kernels::linear::Product call{
      .x = product.input->const_data_ptr(),
      .x_type = problem.input,
      .ldx = problem.k,
      .packed = packed.value.const_data_ptr(),
      .bias = bias ? bias->const_data_ptr() : nullptr,
      .bias_type = bias ? data_type(*bias) : problem.input,
      .y = result.mutable_data_ptr(),
      .y_type = problem.output,
      .ldy = problem.n,
      .m = problem.m,
      .n = problem.n,
      .k = problem.k,
      .epilogue = product.epilogue,
      .other = product.other ? product.other->const_data_ptr() : nullptr,
      .ldo = problem.n};
  const Machine& m = machine();
  if (!kernels::linear::run_jit(call, {m.isa, layout, m.l2_bytes}, torch_threads())) {
    return {at::Tensor(), kNoKernel};
  }
  return {std::move(result), nullptr};
}

}  // namespace stoker::aten
