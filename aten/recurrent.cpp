#include "aten/recurrent.h"

#include <ATen/Context.h>
#include <ATen/autocast_mode.h>

#include <algorithm>

#include "aten/gate.h"
#include "aten/machine.h"
#include "aten/numerics.h"
#include "aten/onednn_rows.h"
#include "aten/weight_choice.h"
#include "kernels/rnn/table.h"

namespace stoker::aten {
namespace {

using kernels::DataType;
using kernels::rnn::RnnCell;

constexpr const char* kSizes = "sizes do not match";
constexpr const char* kTypes = "dtypes differ";
constexpr const char* kOddType = "dtype is not float32 or bfloat16";

bool has_type(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kFloat || tensor.scalar_type() == at::kBFloat16;
}

bool is_matrix(const at::Tensor& w, int64_t rows, int64_t cols) {
  return w.dim() == 2 && w.size(0) == rows && w.size(1) == cols;
}

const char* check_bias(const Recurrent& call, const at::Tensor* bias, int64_t size) {
  if (bias == nullptr) return nullptr;
  if (!call.autocast && bias->scalar_type() != call.type) return kTypes;
  if (!has_type(*bias)) return kOddType;
  if (bias->dim() != 1 || bias->size(0) != size || !bias->is_contiguous()) {
    return "bias is not a vector of the output size";
  }
  return nullptr;
}

const char* check_weights(const Recurrent& call, const RecurrentWeights& w, int64_t input) {
  const int64_t rows = jit::rnn_gates(call.cell) * call.hidden;
  if (!is_matrix(*w.w_ih, rows, input) || !is_matrix(*w.w_hh, rows, call.state())) return kSizes;
  if (w.w_hr != nullptr && !is_matrix(*w.w_hr, call.projection, call.hidden)) return kSizes;
  if (!has_type(*w.w_ih)) return kOddType;
  const c10::ScalarType type = call.autocast ? w.w_ih->scalar_type() : call.type;
  for (const at::Tensor* weight : {w.w_ih, w.w_hh, w.w_hr}) {
    if (weight == nullptr) continue;
    if (weight->scalar_type() != type) return kTypes;
    if (!weight->is_contiguous()) return "weight is not one dense matrix";
  }
  if ((w.b_ih == nullptr) != (w.b_hh == nullptr)) return "one bias without the other";
  if (w.b_ih != nullptr && w.b_ih->scalar_type() != w.b_hh->scalar_type()) return kTypes;
  if (const char* why = check_bias(call, w.b_ih, rows)) return why;
  return check_bias(call, w.b_hh, rows);
}

// Does stock hand the layer to oneDNN, with every operand cast? Of bf16 input it asks first whether
// oneDNN can; of fp32 input it does not, and raises an error where it cannot.
bool onednn_lstm(const Recurrent& call) {
  return !call.looped() && at::globalContext().userEnabledMkldnn() &&
         (call.input.scalar_type() == at::kFloat || onednn_takes_bf16());
}

// torch has no policy for these operators: autocast reaches the products inside, which give bf16
// gates, and oneDNN's LSTM as a whole. What is added to a state has its type again: GRU's h, the c
// of an LSTM's loop and through it its h.
const char* read_autocast_types(Recurrent& call) {
  const ComputeType products =
      compute_type(call.input.scalar_type(), call.h0.scalar_type(), /*autocast=*/true);
  if (products.declined != nullptr) return products.declined;
  call.multiply = products.multiply;
  call.type = scalar_type(products.output);
  if (call.cell == RnnCell::kGru) call.type = call.h0.scalar_type();
  if (call.cell == RnnCell::kLstm) {
    if (onednn_lstm(call)) {
      if (!onednn_takes_bf16()) return "oneDNN has no bfloat16 LSTM on this CPU";
      call.c0 = call.c0.to(at::kBFloat16);
    } else if (call.projection == 0) {
      call.type = call.c0.scalar_type();
    }
  }
  call.h0 = call.h0.to(call.type);
  return nullptr;
}

// What holds for layers and cells alike, once the sizes are known.
const char* read_types(Recurrent& call) {
  if (!has_type(call.input) || !has_type(call.h0)) return kOddType;
  if (call.c0.defined() && !has_type(call.c0)) return kOddType;
  call.autocast = at::autocast::is_autocast_enabled(at::kCPU);
  if (call.autocast) return read_autocast_types(call);
  const c10::ScalarType type = call.type = call.input.scalar_type();
  if (call.h0.scalar_type() != type || (call.c0.defined() && call.c0.scalar_type() != type)) {
    return kTypes;
  }
  const auto precision =
      at::globalContext().float32Precision(at::Float32Backend::MKLDNN, at::Float32Op::RNN);
  if (precision != at::Float32Precision::IEEE && precision != at::Float32Precision::NONE) {
    return "fp32_precision is not ieee";
  }
  call.multiply = type == at::kBFloat16 || bf16_mode() ? DataType::kBFloat16 : DataType::kFloat32;
  return nullptr;
}

// Steps and sequences of packed data, from what a PackedSequence says of itself.
const char* read_batch_sizes(Recurrent& call) {
  const at::Tensor& sizes = *call.batch_sizes;
  if (sizes.scalar_type() != at::kLong || sizes.dim() != 1 || !sizes.is_contiguous() ||
      sizes.numel() == 0) {
    return "batch_sizes is not a vector of int64";
  }
  const auto* size = sizes.const_data_ptr<int64_t>();
  call.steps = sizes.numel();
  call.batch = size[0];
  int64_t rows = 0, before = size[0];
  for (int64_t t = 0; t < call.steps; ++t) {
    if (size[t] < 1 || size[t] > before) return "batch_sizes is not a falling sequence";
    before = size[t];
    rows += size[t];
  }
  return rows == call.input.size(0) ? nullptr : kSizes;
}

const char* read_input(Recurrent& call, const at::Tensor& input, const LayerOptions& options) {
  call.input = input;
  if (input.dim() != (call.batch_sizes != nullptr ? 2 : 3)) return kSizes;
  if (input.numel() == 0) return "an operand is empty";
  if (call.batch_sizes != nullptr) return read_batch_sizes(call);
  call.batch_first = options.batch_first;
  if (call.batch_first) call.input = input.transpose(0, 1);
  call.steps = call.input.size(0);
  call.batch = call.input.size(1);
  return nullptr;
}

// hx and, of lstm, cx [layers * directions, batch, ...].
const char* read_states(Recurrent& call, const at::Tensor& hx, int64_t count) {
  const auto fits = [&](const at::Tensor& state) {
    return state.dim() == 3 && state.size(0) == count && state.size(1) == call.batch;
  };
  if (!fits(hx) || (call.c0.defined() && !fits(call.c0))) return kSizes;
  call.hidden = call.c0.defined() ? call.c0.size(2) : hx.size(2);
  if (hx.size(2) != call.hidden) call.projection = hx.size(2);
  if (call.state() == 0 || call.hidden == 0) return "an operand is empty";
  call.h0 = hx.contiguous();
  if (call.c0.defined()) call.c0 = call.c0.contiguous();
  return nullptr;
}

}  // namespace

const char* recurrent_layers(Recurrent& call, const at::Tensor& input, const at::Tensor& hx,
                             at::TensorList params, const LayerOptions& options) {
  // What follows may call operators, which a dispatch mode would see.
  if (const char* why = gate_context()) return why;
  if (options.train && options.dropout != 0 && options.layers > 1) return "dropout in training";
  call.directions = options.bidirectional ? 2 : 1;
  const int64_t count = options.layers * call.directions;
  if (count < 1) return kSizes;
  if (const char* why = read_input(call, input, options)) return why;
  if (const char* why = read_states(call, hx, count)) return why;
  if (const char* why = read_types(call)) return why;
  const size_t each = (options.has_biases ? 4 : 2) + (call.projection != 0 ? 1 : 0);
  if (params.size() != each * static_cast<size_t>(count)) return kSizes;
  for (int64_t i = 0; i < count; ++i) {
    const at::Tensor* const p = &params[each * static_cast<size_t>(i)];
    RecurrentWeights w{.w_ih = p, .w_hh = p + 1};
    if (options.has_biases) w.b_ih = p + 2, w.b_hh = p + 3;
    if (call.projection != 0) w.w_hr = p + each - 1;
    const bool first = i < call.directions;
    const int64_t elements = first ? call.input.size(-1) : call.directions * call.state();
    if (const char* why = check_weights(call, w, elements)) return why;
    call.weights.push_back(w);
  }
  if (call.input.stride(-1) != 1 && call.input.size(-1) != 1) call.input = call.input.contiguous();
  return nullptr;
}

const char* recurrent_cell(Recurrent& call, const at::Tensor& input, const at::Tensor& hx,
                           const RecurrentWeights& weights) {
  call.is_cell = true;
  if (const char* why = gate_context()) return why;
  if (input.dim() != 2 || hx.dim() != 2 || hx.size(0) != input.size(0)) return kSizes;
  if (input.numel() == 0 || hx.numel() == 0) return "an operand is empty";
  call.batch = input.size(0);
  call.hidden = hx.size(1);
  call.input = input.contiguous();
  call.h0 = hx.contiguous();
  if (call.c0.defined()) {
    if (call.c0.sizes() != hx.sizes()) return kSizes;
    call.c0 = call.c0.contiguous();
  }
  if (const char* why = read_types(call)) return why;
  if (const char* why = check_weights(call, weights, input.size(1))) return why;
  call.weights.push_back(weights);
  return nullptr;
}

const char* choose_row(Recurrent& call, const kernels::Row*& row) {
  const Machine& m = machine();
  kernels::rnn::Problem problem{.looped = call.looped(),
                                .multiply = call.multiply,
                                .output = data_type(call.type),
                                .hidden = call.hidden,
                                .batch = call.batch,
                                .steps = call.steps};
  const auto select = [&] {
    return kernels::rnn::select(problem, m.isa, *m.calibration, m.policy);
  };
  kernels::Selection chosen = select();
  bool mixed = problem.multiply != problem.output;
  if (chosen.row == nullptr && mixed && !call.autocast) {
    mixed = false;
    problem.multiply = problem.output;
    chosen = select();
  }
  if (chosen.row == nullptr) return chosen.reason;
  row = chosen.row;
  // oneDNN's LSTM orders its weights anew in every call, which costs what the pack costs once; and
  // its access counts as a write of the weight, so that a second sight would never come. Who asks
  // for bf16 gets it from the first call on: results do not change on the way. Under autocast stock
  // casts fp32 weights in every step.
  const bool at_once = !call.looped() || mixed || call.autocast;
  call.sightings = at_once ? 1 : kWeightSightings;
  call.rows_before_pack = at_once ? 0 : chosen.rows_before_pack;
  return nullptr;
}

}  // namespace stoker::aten
