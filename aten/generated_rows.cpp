#include "aten/generated_rows.h"

#include <ATen/EmptyTensor.h>

#include "aten/machine.h"
#include "aten/numerics.h"
#include "aten/pack_memory.h"
#include "aten/threads.h"
#include "kernels/linear/jit.h"

namespace stoker::aten {
namespace {

using jit::GemmMath;
using kernels::linear::Layout;

Layout layout_for(GemmMath math) { return Layout::of(machine().isa, math); }

template <GemmMath math>
at::Tensor pack(std::span<const at::Tensor> sources) {
  const at::Tensor weight = side_by_side(sources);
  const Layout layout = layout_for(math);
  const int64_t n = weight.size(0), k = weight.size(1);
  at::Tensor packed = pack_memory(layout.bytes(n, k));
  if (!packed.defined()) return packed;
  kernels::linear::pack(layout, weight.const_data_ptr(), data_type(weight), n, k,
                        packed.mutable_data_ptr(), torch_threads());
  return packed;
}

struct Recipes {
  Recipe recipe;
  at::Tensor (*pack)(std::span<const at::Tensor> sources);
};

// Both ways to multiply bf16 read the same panels.
Recipes recipe_of(GemmMath math) {
  if (math == GemmMath::kF32) return {Recipe::kPanelsF32, &pack<GemmMath::kF32>};
  if (math == GemmMath::kF16) return {Recipe::kPanelsF16, &pack<GemmMath::kF16>};
  return {Recipe::kPanelsBf16, &pack<GemmMath::kBf16Dot>};
}

Packed packed_panels(const WeightProduct& product, const Layout& layout) {
  const Recipes made = recipe_of(layout.math);
  return get_packed({made.recipe, product.weights, made.pack,
                     layout.bytes(product.problem.n, product.problem.k), product.sightings,
                     product.problem.m, product.rows_before_pack});
}

at::Tensor result_of(const WeightProduct& product) {
  at::DimVector sizes(product.input->sizes());
  sizes.back() = product.problem.n;
  return at::Tensor(at::detail::empty_cpu(sizes, scalar_type(product.problem.output)));
}

}  // namespace

RowResult run_generated(GemmMath math, const WeightProduct& product) {
  const Layout layout = layout_for(math);
  const Packed packed = packed_panels(product, layout);
  if (packed.refusal != nullptr) return {at::Tensor(), packed.refusal};
  const kernels::MatmulProblem& problem = product.problem;
  at::Tensor result = result_of(product);
  const kernels::linear::Product call{
      .x = product.input->const_data_ptr(),
      .x_type = problem.input,
      .ldx = problem.k,
      .packed = packed.value.const_data_ptr(),
      .bias = product.bias ? product.bias->const_data_ptr() : nullptr,
      .bias_type = product.bias ? data_type(*product.bias) : problem.input,
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
    return {at::Tensor(), "no memory for a generated kernel"};
  }
  return {std::move(result), nullptr};
}

}  // namespace stoker::aten
