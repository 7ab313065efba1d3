// _embedding_bag and _embedding_bag_forward_only, at CPU. torch picks the first whenever the weight
// requires grad, in no_grad too, and a later backward may use its other three results: all four are
// exactly stock's (aten/src/ATen/native/EmbeddingBag.cpp). What is invalid stock refuses itself.
#include <ATen/EmptyTensor.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/_embedding_bag_cpu_dispatch.h>
#include <ATen/ops/_embedding_bag_forward_only_cpu_dispatch.h>

#include <cstring>
#include <string>
#include <tuple>

#include "aten/bag_operands.h"
#include "aten/machine.h"
#include "aten/numerics.h"
#include "aten/override.h"
#include "aten/register.h"
#include "aten/threads.h"
#include "kernels/embedding_bag/jit.h"
#include "kernels/embedding_bag/table.h"

namespace stoker::aten {
namespace {

using at::Tensor;
using kernels::embedding_bag::Mode;
using kernels::embedding_bag::Outcome;
using OptionalTensor = std::optional<Tensor>;
// output, offset2bag, bag_size, max_indices
using Results = std::tuple<Tensor, Tensor, Tensor, Tensor>;

struct BagCall {
  Bags bags{};
  const Tensor* scales = nullptr;
  c10::ScalarType index_type = at::kLong;
  int64_t sizes = 0;  // elements of bag_size
};

const char* read_scales(BagCall& call, const OptionalTensor& scales, const Tensor& weight) {
  if (!scales || !scales->defined()) return nullptr;
  if (call.bags.mode != Mode::kSum || scales->scalar_type() != weight.scalar_type() ||
      scales->dim() != 1 || scales->numel() != call.bags.count || !scales->is_contiguous()) {
    return "per_sample_weights are not a vector like the indices";
  }
  call.scales = &*scales;
  if (call.bags.count > 0) call.bags.scales = static_cast<const float*>(scales->const_data_ptr());
  return nullptr;
}

const char* choose_row(BagCall& call, const kernels::Row*& row) {
  const Machine& m = machine();
  const auto chosen = kernels::embedding_bag::select(call.bags, m.isa, *m.calibration, m.policy);
  row = chosen.row;
  return chosen.reason;
}

// torch's zero_() and copy_() take as long as a whole bag.
void set_zero(const Tensor& t) {
  if (t.nbytes() > 0) std::memset(t.mutable_data_ptr(), 0, t.nbytes());
}

void copy(const Tensor& to, const Tensor& from) {
  if (to.nbytes() > 0) std::memcpy(to.mutable_data_ptr(), from.const_data_ptr(), to.nbytes());
}

// bag_size and max_indices of a sum are zeros, those of a mean its counts, twice.
RowResult<Results> run_row(const kernels::Row&, const BagCall& call) {
  Bags bags = call.bags;
  const auto integers = [&](at::IntArrayRef sizes) -> Tensor {
    return at::detail::empty_cpu(sizes, call.index_type);
  };
  const bool max = bags.mode == Mode::kMax, sum = bags.mode == Mode::kSum;
  const bool counted = !sum || bags.padding >= 0;
  Tensor output = at::detail::empty_cpu({bags.bags, bags.columns}, scalar_type(bags.type));
  Tensor bag_of = integers({counted ? bags.count : 0}), sizes = integers({call.sizes});
  Tensor winners = max ? integers({bags.bags, bags.columns}) : integers({call.sizes});
  const Tensor scales = call.scales ? call.scales->to(at::kFloat) : Tensor();
  bags.out = output.mutable_data_ptr();
  bags.out_stride = bags.columns;
  bags.bag_of = counted ? bag_of.mutable_data_ptr() : nullptr;
  bags.sizes = sum ? nullptr : sizes.mutable_data_ptr();
  bags.max_indices = max ? winners.mutable_data_ptr() : nullptr;
  if (call.bags.scales) bags.scales = scales.const_data_ptr<float>();
  switch (kernels::embedding_bag::run_jit(bags, machine().isa, torch_threads())) {
    case Outcome::kNoKernel:
      return {{}, "no memory for a generated kernel"};
    case Outcome::kInvalid:
      return {{}, "an index is outside the table or offsets do not ascend"};
    case Outcome::kDone:
      break;
  }
  if (sum) {
    set_zero(sizes);
    set_zero(winners);
  } else if (!max) {
    copy(winners, sizes);
  }
  return {{std::move(output), std::move(bag_of), std::move(sizes), std::move(winners)}, nullptr};
}

template <bool forward_only>
struct EmbeddingBag : ReturnsResult<BagCall> {
  using Schema = Results(const Tensor&, const Tensor&, const Tensor&, bool, int64_t, bool,
                         const OptionalTensor&, bool, int64_t);
  static constexpr OpId id = forward_only ? OpId::kEmbeddingBagForwardOnly : OpId::kEmbeddingBag;
  static Results stock(const Tensor& weight, const Tensor& indices, const Tensor& offsets,
                       bool scale_grad_by_freq, int64_t mode, bool sparse,
                       const OptionalTensor& per_sample_weights, bool include_last_offset,
                       int64_t padding_idx) {
    constexpr auto kernel =
        forward_only ? &at::cpu::_embedding_bag_forward_only : &at::cpu::_embedding_bag;
    return kernel(weight, indices, offsets, scale_grad_by_freq, mode, sparse, per_sample_weights,
                  include_last_offset, padding_idx);
  }
  static const char* to_problem(BagCall& call, const Tensor& weight, const Tensor& indices,
                                const Tensor& offsets, bool /*scale_grad_by_freq*/, int64_t mode,
                                bool /*sparse*/, const OptionalTensor& per_sample_weights,
                                bool include_last_offset, int64_t padding_idx) {
    if (mode < 0 || mode > 2) return "an unknown mode";
    call.bags.mode = static_cast<Mode>(mode);
    call.bags.padding = padding_idx;
    call.bags.tracked = !forward_only;
    if (const char* why = read_weight(call.bags, weight)) return why;
    if (const char* why = read_indices(call.bags, indices, offsets, include_last_offset))
      return why;
    call.index_type = indices.scalar_type();
    const bool all_offsets = forward_only && call.bags.mode == Mode::kSum;
    call.sizes = all_offsets ? offsets.numel() : call.bags.bags;
    return read_scales(call, per_sample_weights, weight);
  }
};

}  // namespace

void register_embedding_bag(torch::Library& cpu) {
  if (may_override("_embedding_bag", "", c10::DispatchKey::CPU)) {
    cpu.impl("_embedding_bag",
             torch::CppFunction::makeFromUnboxedFunction(&Override<EmbeddingBag<false>>::call));
  }
  if (may_override("_embedding_bag_forward_only", "", c10::DispatchKey::CPU)) {
    cpu.impl("_embedding_bag_forward_only",
             torch::CppFunction::makeFromUnboxedFunction(&Override<EmbeddingBag<true>>::call));
  }
}

}  // namespace stoker::aten
