// Recurrent layers and cells as one call: what lstm, gru, rnn_* and their cells have in common.
#pragma once

#include <ATen/core/Tensor.h>

#include <c10/util/SmallVector.h>

#include <tuple>

#include "aten/row_result.h"
#include "kernels/rnn/rnn.h"
#include "kernels/select.h"

namespace stoker::aten {

// The weights of one layer in one direction; absent ones are null.
struct RecurrentWeights {
  const at::Tensor *w_ih = nullptr, *w_hh = nullptr, *w_hr = nullptr;
  const at::Tensor *b_ih = nullptr, *b_hh = nullptr;
};

struct Recurrent {
  kernels::rnn::RnnCell cell{};
  at::Tensor input;   // [steps, batch, elements] in any order of memory, the elements contiguous;
                      // packed [rows, elements]
  at::Tensor h0, c0;  // [layers * directions, batch, ...], contiguous; c0 of lstm
  c10::ScalarType type = at::kFloat;  // of h and y; the states at the end are as h0 and c0
  c10::SmallVector<RecurrentWeights, 4> weights;  // layer by layer, of each its directions
  const at::Tensor* batch_sizes = nullptr;        // of packed sequences
  int64_t steps = 1, batch = 0, hidden = 0, projection = 0;
  int64_t directions = 1;
  bool batch_first = false, is_cell = false;
  bool autocast = false;  // in the user's region: operands may differ in type
  kernels::DataType multiply = kernels::DataType::kFloat32;
  uint32_t sightings = 0;  // as of a WeightProduct
  int64_t rows_before_pack = 0;

  // Does stock run it as a loop of small operators? Else as oneDNN's LSTM.
  bool looped() const {
    return cell != kernels::rnn::RnnCell::kLstm || is_cell || projection != 0 ||
           batch_sizes != nullptr;
  }
  int64_t state() const { return projection != 0 ? projection : hidden; }
};

// What the operators mean; null, or why not. `cell` and, where they exist, c0 and batch_sizes are
// in `call` before. layers: input [T, B, I], or [B, T, I]; hx [layers * directions, B, state].
struct LayerOptions {
  bool has_biases;
  int64_t layers;
  double dropout;
  bool train, bidirectional, batch_first;
};
const char* recurrent_layers(Recurrent& call, const at::Tensor& input, const at::Tensor& hx,
                             at::TensorList params, const LayerOptions& options);
// One step: input [B, I], hx [B, hidden].
const char* recurrent_cell(Recurrent& call, const at::Tensor& input, const at::Tensor& hx,
                           const RecurrentWeights& weights);

// The row for `call`, which it completes. Null, or why there is none. In bf16 mode a layer that no
// bf16 row makes faster stays an fp32 one.
const char* choose_row(Recurrent& call, const kernels::Row*& row);

// y [steps, batch, ...] or [rows, ...], and the states at the end; a cell has no hn.
struct RecurrentOutputs {
  at::Tensor y, hn, cn;
};
RowResult<RecurrentOutputs> run_recurrent(const kernels::Row& row, const Recurrent& call);

// A Recurrent whose operator returns `Result`: the outputs that are there, in that order.
template <class Result>
struct RecurrentOf : Recurrent {};

template <class Result>
RowResult<Result> run_row(const kernels::Row& row, const RecurrentOf<Result>& call) {
  RowResult<RecurrentOutputs> r = run_recurrent(row, call);
  if (r.declined != nullptr) return {{}, r.declined};
  RecurrentOutputs& out = r.value;
  if constexpr (std::is_same_v<Result, at::Tensor>) {
    return {std::move(out.y)};
  } else if constexpr (std::tuple_size_v<Result> == 3) {
    return {{std::move(out.y), std::move(out.hn), std::move(out.cn)}};
  } else {
    return {{std::move(out.y), std::move(call.is_cell ? out.cn : out.hn)}};
  }
}

}  // namespace stoker::aten
