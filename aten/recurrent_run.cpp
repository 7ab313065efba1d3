// Packs and runs of recurrent layers.
#include <ATen/EmptyTensor.h>

#include "aten/machine.h"
#include "aten/numerics.h"
#include "aten/pack_memory.h"
#include "aten/packed_weights.h"
#include "aten/products.h"
#include "aten/recurrent.h"
#include "aten/threads.h"
#include "kernels/rnn/jit.h"

namespace stoker::aten {
namespace {

using jit::GemmMath;
using kernels::rnn::PackLayout;
using kernels::rnn::RnnCell;

constexpr const char* kNoKernel = "no memory for a generated kernel";

// Sources: w_ih, w_hh and, with a projection, w_hr.
template <RnnCell cell, GemmMath math>
Packed pack(std::span<const at::Tensor> sources, const void*) {
  const bool projected = sources.size() > 2;
  const PackLayout layout{machine().isa,
                          math,
                          {.cell = cell,
                           .input = sources[0].size(1),
                           .hidden = sources[0].size(0) / jit::rnn_gates(cell),
                           .projection = projected ? sources[2].size(0) : 0}};
  at::Tensor packed = pack_memory(layout.bytes());
  if (!packed.defined()) return {at::Tensor(), "no memory for the pack"};
  const kernels::rnn::Weights weights{sources[0].const_data_ptr(), sources[1].const_data_ptr(),
                                      projected ? sources[2].const_data_ptr() : nullptr,
                                      data_type(sources[0])};
  if (!kernels::rnn::pack(layout, weights, packed.mutable_data_ptr(), torch_threads())) {
    return {at::Tensor(), kNoKernel};
  }
  return {std::move(packed)};
}

struct Recipes {
  Recipe recipe;
  Packed (*pack)(std::span<const at::Tensor> sources, const void* context);
};

// Both ways to multiply bf16 read the same panels; tanh and relu have the same weights.
Recipes recipe_of(RnnCell cell, GemmMath math) {
  using enum GemmMath;
  const bool f32 = math == kF32;
  if (cell == RnnCell::kLstm) {
    return f32 ? Recipes{Recipe::kLstmF32, &pack<RnnCell::kLstm, kF32>}
               : Recipes{Recipe::kLstmBf16, &pack<RnnCell::kLstm, kBf16Dot>};
  }
  if (cell == RnnCell::kGru) {
    return f32 ? Recipes{Recipe::kGruF32, &pack<RnnCell::kGru, kF32>}
               : Recipes{Recipe::kGruBf16, &pack<RnnCell::kGru, kBf16Dot>};
  }
  return f32 ? Recipes{Recipe::kRnnF32, &pack<RnnCell::kTanh, kF32>}
             : Recipes{Recipe::kRnnBf16, &pack<RnnCell::kTanh, kBf16Dot>};
}

struct LayerPack {
  PackLayout layout;
  Packed packed;
};

LayerPack packed_layer(const Recurrent& call, GemmMath math, const RecurrentWeights& w) {
  LayerPack result{{machine().isa,
                    math,
                    {.cell = call.cell,
                     .input = w.w_ih->size(1),
                     .hidden = call.hidden,
                     .projection = call.projection}},
                   {}};
  c10::SmallVector<Source, 3> sources;
  for (const at::Tensor* weight : {w.w_ih, w.w_hh, w.w_hr}) {
    if (weight == nullptr) continue;
    if (const char* why = weight_source(*weight, false, sources.emplace_back())) {
      result.packed.refusal = why;
      return result;
    }
  }
  const Recipes made = recipe_of(call.cell, math);
  result.packed = get_packed({made.recipe, sources, made.pack, result.layout.bytes(),
                              call.sightings, call.steps * call.batch, call.rows_before_pack});
  return result;
}

char* at_element(const at::Tensor& tensor, int64_t element) {
  if (!tensor.defined()) return nullptr;
  return static_cast<char*>(tensor.mutable_data_ptr()) +
         element * static_cast<int64_t>(tensor.itemsize());
}

const char* at_const_element(const at::Tensor& tensor, int64_t element) {
  if (!tensor.defined()) return nullptr;
  return static_cast<const char*>(tensor.const_data_ptr()) +
         element * static_cast<int64_t>(tensor.itemsize());
}

class Run {
 public:
  Run(const Recurrent& call, GemmMath math) : c_(call), math_(math), parallel_(torch_threads()) {
    const int64_t directions = c_.directions;
    if (c_.batch_sizes != nullptr) {
      y_sizes_ = {c_.input.size(0), directions * c_.state()};
    } else if (c_.is_cell) {
      y_sizes_ = {c_.batch, c_.state()};
    } else {
      y_sizes_ = {c_.steps, c_.batch, directions * c_.state()};
    }
  }

  RowResult<RecurrentOutputs> run() {
    for (const RecurrentWeights& weights : c_.weights) {
      packs_.push_back(packed_layer(c_, math_, weights));
      if (const char* why = packs_.back().packed.refusal) return {{}, why};
    }
    const auto count = static_cast<int64_t>(c_.weights.size());
    if (!c_.is_cell) out_.hn = empty(c_.type, {count, c_.batch, c_.state()});
    if (c_.c0.defined()) out_.cn = empty(c_.c0.scalar_type(), c_.c0.sizes());
    at::Tensor input = c_.input;
    for (int64_t layer = 0; layer < count; layer += c_.directions) {
      out_.y = empty(c_.type, y_sizes_);
      if (!run_layer(layer, input)) return {{}, kNoKernel};
      input = out_.y;
    }
    if (c_.batch_first) out_.y = out_.y.transpose(0, 1);
    return {std::move(out_), nullptr};
  }

 private:
  static at::Tensor empty(c10::ScalarType type, at::IntArrayRef sizes) {
    return at::Tensor(at::detail::empty_cpu(sizes, type));
  }

  // All directions of a layer, the first of whose packs is `first`.
  bool run_layer(int64_t first, const at::Tensor& input) {
    std::array<bool, 2> done{};
    // Two directions keep two threads busier than one direction cut into panels does.
    const bool apart = c_.directions > 1 && (parallel_.threads == 2 || parallel_.threads == 3);
    const kernels::Parallel outer = apart ? parallel_ : kernels::Parallel();
    const kernels::Parallel inner = apart ? kernels::Parallel() : parallel_;
    outer.for_each_range(c_.directions, [&](int64_t begin, int64_t end) {
      for (int64_t d = begin; d < end; ++d) {
        done[static_cast<size_t>(d)] = run_direction(first + d, d, input, inner);
      }
    });
    return done[0] && (c_.directions == 1 || done[1]);
  }

  bool run_direction(int64_t index, int64_t direction, const at::Tensor& input,
                     const kernels::Parallel& parallel) const {
    const RecurrentWeights& w = c_.weights[static_cast<size_t>(index)];
    const LayerPack& pack = packs_[static_cast<size_t>(index)];
    const bool packed_rows = c_.batch_sizes != nullptr;
    const int64_t of_h = index * c_.batch * c_.state(), of_c = index * c_.batch * c_.hidden;
    const bool lstm = c_.c0.defined();
    const kernels::rnn::Call call{
        .sequences = {c_.steps, c_.batch,
                      packed_rows ? c_.batch_sizes->const_data_ptr<int64_t>() : nullptr},
        .reverse = direction == 1,
        .type = data_type(c_.type),
        .x_type = data_type(input),
        .c_type = lstm ? data_type(c_.c0) : data_type(c_.type),
        .bias_type = w.b_ih != nullptr ? data_type(*w.b_ih) : data_type(c_.type),
        .x = input.const_data_ptr(),
        .x_row = input.dim() == 3 ? input.stride(1) : input.stride(0),
        .x_step = input.dim() == 3 ? input.stride(0) : 0,
        .b_ih = w.b_ih != nullptr ? w.b_ih->const_data_ptr() : nullptr,
        .b_hh = w.b_hh != nullptr ? w.b_hh->const_data_ptr() : nullptr,
        .h0 = at_const_element(c_.h0, of_h),
        .c0 = at_const_element(c_.c0, of_c),
        .hn = at_element(out_.hn, of_h),
        .cn = lstm ? at_element(out_.cn, of_c) : nullptr,
        .y = at_element(out_.y, direction * c_.state()),
        .ldy = c_.directions * c_.state()};
    return kernels::rnn::run_jit(
        call, {pack.layout, pack.packed.value.const_data_ptr(), machine().l2_bytes}, parallel);
  }

  const Recurrent& c_;
  const GemmMath math_;
  const kernels::Parallel parallel_;
  c10::SmallVector<int64_t, 3> y_sizes_;
  c10::SmallVector<LayerPack, 4> packs_;
  RecurrentOutputs out_;
};

}  // namespace

RowResult<RecurrentOutputs> run_recurrent(const kernels::Row& row, const Recurrent& call) {
  return Run(call, *row.generated).run();
}

}  // namespace stoker::aten
