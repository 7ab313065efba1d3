// May Stoker look at these operands at all? One function for every operator.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <type_traits>

namespace stoker::aten {

// The tensor operands of one call; undefined and absent ones are left out.
struct Operands {
  std::array<const at::Tensor*, 16> tensors;  // the first `count`
  size_t count = 0;

  void add(const at::Tensor& tensor) {
    if (tensor.defined()) tensors[count++] = &tensor;
  }
  void add(const std::optional<at::Tensor>& tensor) {
    if (tensor) add(*tensor);
  }
  // A list longer than any row takes is not looked at to its end: it is declined as too long.
  void add(at::TensorList list) {
    for (const at::Tensor& tensor : list.slice(0, std::min<size_t>(list.size(), 6))) add(tensor);
  }
  template <class T>
    requires(!std::is_convertible_v<const T&, at::TensorList>)
  void add(const T&) {}  // numbers, types
};

// Null when every operand is a plain dense CPU tensor that autograd is not recording, else why not.
// Looks at key sets and flags only: safe on FakeTensors, subclasses and other devices.
const char* gate_operands(const Operands& operands) noexcept;

// The part that asks the process and the thread; run once a row was chosen. May throw, when torch
// finds its precision settings contradictory.
const char* gate_context();

}  // namespace stoker::aten
