// lstm, gru, rnn_tanh, rnn_relu, of dense and packed sequences, and their cells, at
// CompositeImplicitAutograd: that is where torch has them, and below it there is only oneDNN's
// LSTM.
#include <ATen/core/Tensor.h>
#include <ATen/ops/gru_cell_compositeimplicitautograd_dispatch.h>
#include <ATen/ops/gru_compositeimplicitautograd_dispatch.h>
#include <ATen/ops/lstm_cell_compositeimplicitautograd_dispatch.h>
#include <ATen/ops/lstm_compositeimplicitautograd_dispatch.h>
#include <ATen/ops/rnn_relu_cell_compositeimplicitautograd_dispatch.h>
#include <ATen/ops/rnn_relu_compositeimplicitautograd_dispatch.h>
#include <ATen/ops/rnn_tanh_cell_compositeimplicitautograd_dispatch.h>
#include <ATen/ops/rnn_tanh_compositeimplicitautograd_dispatch.h>

#include "aten/override.h"
#include "aten/recurrent.h"
#include "aten/register.h"

namespace stoker::aten {
namespace {

namespace composite = at::compositeimplicitautograd;

using at::Tensor;
using at::TensorList;
using kernels::rnn::RnnCell;

using Two = std::tuple<Tensor, Tensor>;
using Three = std::tuple<Tensor, Tensor, Tensor>;

struct Lstm : ReturnsResult<RecurrentOf<Three>> {
  using Schema = Three(const Tensor&, TensorList, TensorList, bool, int64_t, double, bool, bool,
                       bool);
  static constexpr OpId id = OpId::kLstm;
  static Three stock(const Tensor& input, TensorList hx, TensorList params, bool has_biases,
                     int64_t layers, double dropout, bool train, bool bidirectional,
                     bool batch_first) {
    return composite::lstm(input, hx, params, has_biases, layers, dropout, train, bidirectional,
                           batch_first);
  }
  static const char* to_problem(Problem& call, const Tensor& input, TensorList hx,
                                TensorList params, bool has_biases, int64_t layers, double dropout,
                                bool train, bool bidirectional, bool batch_first) {
    if (hx.size() != 2) return "lstm without two states";
    call.cell = RnnCell::kLstm;
    call.c0 = hx[1];
    return recurrent_layers(call, input, hx[0], params,
                            {has_biases, layers, dropout, train, bidirectional, batch_first});
  }
};

struct LstmData : ReturnsResult<RecurrentOf<Three>> {
  using Schema = Three(const Tensor&, const Tensor&, TensorList, TensorList, bool, int64_t, double,
                       bool, bool);
  static constexpr OpId id = OpId::kLstmData;
  static Three stock(const Tensor& data, const Tensor& batch_sizes, TensorList hx,
                     TensorList params, bool has_biases, int64_t layers, double dropout, bool train,
                     bool bidirectional) {
    return composite::lstm(data, batch_sizes, hx, params, has_biases, layers, dropout, train,
                           bidirectional);
  }
  static const char* to_problem(Problem& call, const Tensor& data, const Tensor& batch_sizes,
                                TensorList hx, TensorList params, bool has_biases, int64_t layers,
                                double dropout, bool train, bool bidirectional) {
    if (hx.size() != 2) return "lstm without two states";
    call.cell = RnnCell::kLstm;
    call.c0 = hx[1];
    call.batch_sizes = &batch_sizes;
    return recurrent_layers(call, data, hx[0], params,
                            {has_biases, layers, dropout, train, bidirectional, false});
  }
};

using LayersSchema = Two(const Tensor&, const Tensor&, TensorList, bool, int64_t, double, bool,
                         bool, bool);
using DataSchema = Two(const Tensor&, const Tensor&, const Tensor&, TensorList, bool, int64_t,
                       double, bool, bool);

// gru and rnn_*: layers with one state.
template <OpId op, RnnCell kind, LayersSchema& kernel>
struct Layers : ReturnsResult<RecurrentOf<Two>> {
  using Schema = LayersSchema;
  static constexpr OpId id = op;
  static Two stock(const Tensor& input, const Tensor& hx, TensorList params, bool has_biases,
                   int64_t layers, double dropout, bool train, bool bidirectional,
                   bool batch_first) {
    return kernel(input, hx, params, has_biases, layers, dropout, train, bidirectional,
                  batch_first);
  }
  static const char* to_problem(Problem& call, const Tensor& input, const Tensor& hx,
                                TensorList params, bool has_biases, int64_t layers, double dropout,
                                bool train, bool bidirectional, bool batch_first) {
    call.cell = kind;
    return recurrent_layers(call, input, hx, params,
                            {has_biases, layers, dropout, train, bidirectional, batch_first});
  }
};

template <OpId op, RnnCell kind, DataSchema& kernel>
struct Data : ReturnsResult<RecurrentOf<Two>> {
  using Schema = DataSchema;
  static constexpr OpId id = op;
  static Two stock(const Tensor& data, const Tensor& batch_sizes, const Tensor& hx,
                   TensorList params, bool has_biases, int64_t layers, double dropout, bool train,
                   bool bidirectional) {
    return kernel(data, batch_sizes, hx, params, has_biases, layers, dropout, train, bidirectional);
  }
  static const char* to_problem(Problem& call, const Tensor& data, const Tensor& batch_sizes,
                                const Tensor& hx, TensorList params, bool has_biases,
                                int64_t layers, double dropout, bool train, bool bidirectional) {
    call.cell = kind;
    call.batch_sizes = &batch_sizes;
    return recurrent_layers(call, data, hx, params,
                            {has_biases, layers, dropout, train, bidirectional, false});
  }
};

RecurrentWeights cell_weights(const Tensor& w_ih, const Tensor& w_hh,
                              const std::optional<Tensor>& b_ih,
                              const std::optional<Tensor>& b_hh) {
  const auto given = [](const std::optional<Tensor>& bias) {
    return bias && bias->defined() ? &*bias : nullptr;
  };
  return {.w_ih = &w_ih, .w_hh = &w_hh, .b_ih = given(b_ih), .b_hh = given(b_hh)};
}

struct LstmCell : ReturnsResult<RecurrentOf<Two>> {
  using Schema = Two(const Tensor&, TensorList, const Tensor&, const Tensor&,
                     const std::optional<Tensor>&, const std::optional<Tensor>&);
  static constexpr OpId id = OpId::kLstmCell;
  static Two stock(const Tensor& input, TensorList hx, const Tensor& w_ih, const Tensor& w_hh,
                   const std::optional<Tensor>& b_ih, const std::optional<Tensor>& b_hh) {
    return composite::lstm_cell(input, hx, w_ih, w_hh, b_ih, b_hh);
  }
  static const char* to_problem(Problem& call, const Tensor& input, TensorList hx,
                                const Tensor& w_ih, const Tensor& w_hh,
                                const std::optional<Tensor>& b_ih,
                                const std::optional<Tensor>& b_hh) {
    if (hx.size() != 2) return "lstm without two states";
    call.cell = RnnCell::kLstm;
    call.c0 = hx[1];
    return recurrent_cell(call, input, hx[0], cell_weights(w_ih, w_hh, b_ih, b_hh));
  }
};

using CellSchema = Tensor(const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                          const std::optional<Tensor>&, const std::optional<Tensor>&);

template <OpId op, RnnCell kind, CellSchema& kernel>
struct Cell : ReturnsResult<RecurrentOf<Tensor>> {
  using Schema = CellSchema;
  static constexpr OpId id = op;
  static Tensor stock(const Tensor& input, const Tensor& hx, const Tensor& w_ih, const Tensor& w_hh,
                      const std::optional<Tensor>& b_ih, const std::optional<Tensor>& b_hh) {
    return kernel(input, hx, w_ih, w_hh, b_ih, b_hh);
  }
  static const char* to_problem(Problem& call, const Tensor& input, const Tensor& hx,
                                const Tensor& w_ih, const Tensor& w_hh,
                                const std::optional<Tensor>& b_ih,
                                const std::optional<Tensor>& b_hh) {
    call.cell = kind;
    return recurrent_cell(call, input, hx, cell_weights(w_ih, w_hh, b_ih, b_hh));
  }
};

template <class Op>
void add(torch::Library& composite, const char* op, const char* overload) {
  if (!may_override(op, overload, c10::DispatchKey::CompositeImplicitAutograd)) return;
  const std::string name = *overload ? std::string(op) + "." + overload : op;
  composite.impl(name.c_str(), torch::CppFunction::makeFromUnboxedFunction(&Override<Op>::call));
}

}  // namespace

void register_rnn(torch::Library& library) {
  add<Lstm>(library, "lstm", "input");
  add<LstmData>(library, "lstm", "data");
  add<Layers<OpId::kGru, RnnCell::kGru, composite::gru>>(library, "gru", "input");
  add<Data<OpId::kGruData, RnnCell::kGru, composite::gru>>(library, "gru", "data");
  add<Layers<OpId::kRnnTanh, RnnCell::kTanh, composite::rnn_tanh>>(library, "rnn_tanh", "input");
  add<Data<OpId::kRnnTanhData, RnnCell::kTanh, composite::rnn_tanh>>(library, "rnn_tanh", "data");
  add<Layers<OpId::kRnnRelu, RnnCell::kRelu, composite::rnn_relu>>(library, "rnn_relu", "input");
  add<Data<OpId::kRnnReluData, RnnCell::kRelu, composite::rnn_relu>>(library, "rnn_relu", "data");
  add<LstmCell>(library, "lstm_cell", "");
  add<Cell<OpId::kGruCell, RnnCell::kGru, composite::gru_cell>>(library, "gru_cell", "");
  add<Cell<OpId::kRnnTanhCell, RnnCell::kTanh, composite::rnn_tanh_cell>>(library, "rnn_tanh_cell",
                                                                          "");
  add<Cell<OpId::kRnnReluCell, RnnCell::kRelu, composite::rnn_relu_cell>>(library, "rnn_relu_cell",
                                                                          "");
}

}  // namespace stoker::aten
