#include "aten/depthwise_pack.h"

#include <ATen/core/Tensor.h>

#include "aten/machine.h"
#include "aten/numerics.h"
#include "aten/pack_memory.h"
#include "kernels/conv/depthwise.h"

namespace stoker::aten {
namespace {

using kernels::conv::DepthwiseLayout;

Packed pack(std::span<const at::Tensor> sources, const void* context) {
  const Convolution& c = *static_cast<const Convolution*>(context);
  const at::Tensor rounded = finite_weight(sources, c.folding, scalar_type(c.shape.multiply));
  if (!rounded.defined()) return {at::Tensor(), kNotFinite};
  const at::Tensor weight = rounded.to(at::kFloat).contiguous();
  const auto layout = DepthwiseLayout::of(machine().isa, c.shape);
  at::Tensor packed = pack_memory(layout.bytes());
  if (!packed.defined()) return {at::Tensor(), "no memory for the pack"};
  layout.pack(weight.const_data_ptr<float>(), static_cast<float*>(packed.mutable_data_ptr()));
  return {std::move(packed)};
}

}  // namespace

Packed packed_depthwise(const Convolution& c) {
  const FoldedSources sources = weight_sources(c);
  // The layout depends on the taps of a line and of all lines.
  PackVariant variant{static_cast<int64_t>(c.shape.multiply), c.shape.kernel[2], c.shape.taps()};
  append_identity(variant, c.folding);
  return get_packed({.recipe = Recipe::kDepthwise,
                     .sources = sources,
                     .pack = &pack,
                     .bytes = DepthwiseLayout::of(machine().isa, c.shape).bytes(),
                     .sightings = c.sightings,
                     .rows = c.shape.images * c.shape.pixels(),
                     .rows_before_pack = c.rows_before_pack,
                     .variant = variant,
                     .context = &c});
}

}  // namespace stoker::aten
