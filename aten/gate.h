// May Stoker look at these operands at all? One function for every operator.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/GradMode.h>

#include <optional>
#include <type_traits>

namespace stoker::aten {

// Keys a plain CPU tensor may carry. Anything more (Python, Conjugate, Negative, ZeroTensor,
// Sparse, Quantized, Mkldnn, Nested, Functionalize, functorch wrappers, other devices) has other
// semantics.
inline constexpr c10::DispatchKeySet kPlainKeys({c10::DispatchKey::CPU,
                                                 c10::DispatchKey::AutogradCPU,
                                                 c10::DispatchKey::ADInplaceOrView,
                                                 c10::DispatchKey::AutocastCPU});

inline const char* gate_operand(const at::Tensor& tensor, bool grad_mode) noexcept {
  if (!tensor.defined()) return nullptr;
  const c10::DispatchKeySet keys = tensor.key_set();
  if (!keys.has(c10::DispatchKey::CPU) || (keys.raw_repr() & ~kPlainKeys.raw_repr()) != 0) {
    return "operand is not a plain dense CPU tensor";
  }
  return grad_mode && tensor.requires_grad() ? "autograd is recording" : nullptr;
}

inline const char* gate_operand(const std::optional<at::Tensor>& tensor, bool grad_mode) noexcept {
  return tensor ? gate_operand(*tensor, grad_mode) : nullptr;
}

inline const char* gate_operand(at::TensorList list, bool grad_mode) noexcept {
  for (const at::Tensor& tensor : list) {
    if (const char* why = gate_operand(tensor, grad_mode)) return why;
  }
  return nullptr;
}

template <class T>
  requires(!std::is_convertible_v<const T&, at::TensorList>)
const char* gate_operand(const T&, bool) noexcept {  // numbers, types
  return nullptr;
}

// Null when every tensor among the arguments is a plain dense CPU tensor that autograd is not
// recording, else why not. Looks at key sets and flags only: safe on FakeTensors, subclasses and
// other devices. Inline, with nothing gathered first: every declined call pays for it.
template <class... Args>
const char* gate_operands(const Args&... args) noexcept {
  const bool grad_mode = c10::GradMode::is_enabled();
  const char* why = nullptr;
  static_cast<void>(((why = gate_operand(args, grad_mode)) || ...));
  return why;
}

// The part that asks the process and the thread; run once a row was chosen. May throw, when torch
// finds its precision settings contradictory.
const char* gate_context();

}  // namespace stoker::aten
