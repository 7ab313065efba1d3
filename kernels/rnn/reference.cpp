#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/bfloat16.h"
#include "kernels/rnn/rnn.h"

namespace stoker::kernels::rnn {
namespace {

using Row = std::vector<double>;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double at(const void* data, int64_t i) { return static_cast<const float*>(data)[i]; }

// y[rows] = W[rows, x.size()] x + b
Row product(const float* w, size_t rows, const Row& x, const void* bias) {
  Row y(rows);
  for (size_t i = 0; i < rows; ++i) {
    double sum = bias != nullptr ? at(bias, static_cast<int64_t>(i)) : 0;
    for (size_t k = 0; k < x.size(); ++k) {
      sum += static_cast<double>(w[i * x.size() + k]) * x[k];
    }
    y[i] = sum;
  }
  return y;
}

// One step of one sequence: gx and gh are the two halves of its gates.
Row cell(RnnCell kind, const Row& gx, const Row& gh, const Row& h, Row& c) {
  const size_t units = gx.size() / static_cast<size_t>(jit::rnn_gates(kind));
  Row result(units);
  for (size_t u = 0; u < units; ++u) {
    const auto gate = [&](size_t g) { return gx[g * units + u] + gh[g * units + u]; };
    if (kind == RnnCell::kLstm) {
      c[u] = sigmoid(gate(1)) * c[u] + sigmoid(gate(0)) * std::tanh(gate(2));
      result[u] = sigmoid(gate(3)) * std::tanh(c[u]);
    } else if (kind == RnnCell::kGru) {
      const double n = std::tanh(gx[2 * units + u] + sigmoid(gate(0)) * gh[2 * units + u]);
      result[u] = (h[u] - n) * sigmoid(gate(1)) + n;
    } else {
      result[u] = kind == RnnCell::kTanh ? std::tanh(gate(0)) : gate(0) < 0 ? 0 : gate(0);
    }
  }
  return result;
}

void round(Row& h, bool to_half) {
  for (double& value : h) {
    const auto narrow = static_cast<float>(value);
    value = static_cast<double>(to_half ? to_float(to_bf16(narrow)) : narrow);
  }
}

Row row_of(const void* data, int64_t first, int64_t count) {
  Row row(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) row[static_cast<size_t>(i)] = at(data, first + i);
  return row;
}

void put(const Row& row, void* to, int64_t first) {
  for (size_t i = 0; i < row.size(); ++i) {
    static_cast<float*>(to)[first + static_cast<int64_t>(i)] = static_cast<float>(row[i]);
  }
}

}  // namespace

void reference(const Shape& shape, const PlainWeights& w, const Call& call, Rounding rounding) {
  const auto gates = static_cast<size_t>(shape.gates() * shape.hidden);
  const Sequences& s = call.sequences;
  const bool rounds = rounding == Rounding::kResults;
  const auto operand = [rounding](Row row) {
    if (rounding == Rounding::kOperands) round(row, true);
    return row;
  };
  std::vector<int64_t> rows{0};  // of y before each step
  for (int64_t t = 0; t < s.steps; ++t) rows.push_back(rows.back() + s.size(t));
  for (int64_t b = 0; b < s.batch; ++b) {
    Row h = row_of(call.h0, b * shape.state(), shape.state());
    Row c = shape.cell == RnnCell::kLstm ? row_of(call.c0, b * shape.hidden, shape.hidden) : Row();
    int64_t length = 0;
    while (length < s.steps && s.size(length) > b) ++length;
    for (int64_t i = 0; i < length; ++i) {
      const int64_t t = call.reverse ? length - 1 - i : i;
      const int64_t row = rows[static_cast<size_t>(t)] + b;
      const int64_t x = s.sizes ? row * call.x_row : t * call.x_step + b * call.x_row;
      const Row gx = product(w.w_ih, gates, row_of(call.x, x, shape.input), call.b_ih);
      const Row gh = product(w.w_hh, gates, operand(h), call.b_hh);
      h = cell(shape.cell, gx, gh, h, c);
      round(h, rounds);
      if (shape.projection != 0) {
        h = product(w.w_hr, static_cast<size_t>(shape.projection), operand(h), nullptr);
        round(h, rounds);
      }
      put(h, call.y, row * call.ldy);
    }
    put(h, call.hn, b * shape.state());
    if (shape.cell == RnnCell::kLstm) put(c, call.cn, b * shape.hidden);
  }
}

}  // namespace stoker::kernels::rnn
