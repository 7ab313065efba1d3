// May Stoker look at these operands at all? One function for every operator.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/util/SmallVector.h>

#include <optional>
#include <type_traits>

namespace stoker::aten {

// The tensor operands of one call; undefined and absent ones are left out.
struct Operands {
  c10::SmallVector<const at::Tensor*, 16> tensors;

  void add(const at::Tensor& tensor) {
    if (tensor.defined()) tensors.push_back(&tensor);
  }
  void add(const std::optional<at::Tensor>& tensor) {
    if (tensor) add(*tensor);
  }
  void add(at::TensorList list) {
    for (const at::Tensor& tensor : list) add(tensor);
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
