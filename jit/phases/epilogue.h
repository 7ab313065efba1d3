// What a kernel does to a finished sum before it is stored: part of the kernels' configuration.
#pragma once

#include <cstdint>
#include <string>

namespace stoker::jit {

enum class Activation : uint8_t {
  kNone,
  kRelu,
  kGelu,      // x Phi(x), by the error function
  kGeluTanh,  // its approximation with tanh
  kSilu,
  kSigmoid,
  kTanh,
  kHardswish,
  kRelu6,
  kHardsigmoid,
};

enum class Element : uint8_t { kF32, kBf16, kF16 };

constexpr const char* element_name(Element type) {
  return type == Element::kF32 ? "f32" : type == Element::kBf16 ? "bf16" : "f16";
}
constexpr int element_bytes(Element type) { return type == Element::kF32 ? 4 : 2; }

// How the other operand meets the sum.
enum class Combine : uint8_t {
  kNone,
  kAdd,             // act(x) + other: a residual
  kMultiply,        // act(x) * other: a gate
  kAddThenActivate  // act(x + other)
};

// With x the sum: x = alpha x, if scaled; x = x + bias; then activation and other operand; one
// rounding to the type of the result.
struct Epilogue {
  Activation activation = Activation::kNone;
  Combine combine = Combine::kNone;
  Element other = Element::kF32;
  uint8_t scaled = 0;  // by alpha the sum, by beta the other operand

  bool operator==(const Epilogue&) const = default;
  bool empty() const { return *this == Epilogue(); }
};

// "", or "_gelu", "_add" and the like: part of the kernels' names.
const char* activation_name(Activation activation) noexcept;
const char* combine_name(Combine combine) noexcept;
// Both, and the type of the other operand: "_gelu_add_f32".
std::string epilogue_name(const Epilogue& epilogue);

}  // namespace stoker::jit
