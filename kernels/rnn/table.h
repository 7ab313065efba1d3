// The rows of recurrent layers and the choice among them.
#pragma once

#include <span>

#include "kernels/select.h"

namespace stoker::kernels::rnn {

struct Problem {
  bool looped = false;  // stock loops over small operators; else it is oneDNN's LSTM
  DataType multiply = DataType::kFloat32, output = DataType::kFloat32;  // fp32, or bf16
  int64_t hidden = 0, batch = 0, steps = 0;
};

// Best first.
std::span<const Row> rows() noexcept;

// As kernels::select().
Selection select(const Problem& problem, jit::Isa isa, const Calibration& calibration,
                 Policy policy) noexcept;

}  // namespace stoker::kernels::rnn
