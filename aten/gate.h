// May Stoker look at these operands at all? One function for every operator.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstddef>
#include <optional>

namespace stoker::aten {

// The tensor operands of one call; undefined and absent ones are left out.
struct Operands {
  std::array<const at::Tensor*, 4> tensors{};
  size_t count = 0;

  void add(const at::Tensor& tensor) {
    if (tensor.defined()) tensors[count++] = &tensor;
  }
  void add(const std::optional<at::Tensor>& tensor) {
    if (tensor) add(*tensor);
  }
  void add(const at::Scalar&) {}
};

// Null when every operand is a plain dense CPU tensor that autograd is not recording, else why not.
// Looks at key sets and flags only: safe on FakeTensors, subclasses and other devices.
const char* gate_operands(const Operands& operands) noexcept;

// The part that asks the process and the thread; run once a row was chosen. May throw, when torch
// finds its precision settings contradictory.
const char* gate_context();

}  // namespace stoker::aten
