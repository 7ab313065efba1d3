#include "aten/activations.h"

#include <ATen/ops/add.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/hardsigmoid.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/relu6.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/tanh.h>

#include <iterator>

namespace stoker::aten {
namespace {

using jit::Activation;
using jit::Combine;

// An activation as torch's operator, and as the one that changes its operand.
struct Operator {
  at::Tensor (*of)(const at::Tensor& x);
  at::Tensor& (*in_place)(at::Tensor& x);
};

// In the order of Activation.
constexpr Operator kOperators[] = {
    {[](const at::Tensor& x) { return x; }, [](at::Tensor& x) -> at::Tensor& { return x; }},
    {&at::relu, &at::relu_},
    {[](const at::Tensor& x) { return at::gelu(x); },
     [](at::Tensor& x) -> at::Tensor& { return at::gelu_(x); }},
    {[](const at::Tensor& x) { return at::gelu(x, "tanh"); },
     [](at::Tensor& x) -> at::Tensor& { return at::gelu_(x, "tanh"); }},
    {&at::silu, &at::silu_},
    {&at::sigmoid, &at::sigmoid_},
    {&at::tanh, &at::tanh_},
    {&at::hardswish, &at::hardswish_},
    {&at::relu6, &at::relu6_},
    {&at::hardsigmoid, &at::hardsigmoid_},
};
constexpr auto kLast = static_cast<int64_t>(Activation::kHardsigmoid);
static_assert(std::ssize(kOperators) == kLast + 1);

const Operator& operator_of(const jit::Epilogue& epilogue) {
  return kOperators[static_cast<size_t>(epilogue.activation)];
}

}  // namespace

void check_epilogue(const char* op, int64_t activation, int64_t combine,
                    const std::optional<at::Tensor>& other) {
  TORCH_CHECK(activation >= 0 && activation <= kLast, op, ": activation is ", activation,
              ", expected 0 to 9");
  TORCH_CHECK(combine >= 0 && combine <= static_cast<int64_t>(Combine::kAddThenActivate), op,
              ": combine is ", combine, ", expected 0 to 3");
  TORCH_CHECK((combine != 0) == other.has_value(), op, ": combine and other go together");
}

at::Tensor apply_epilogue(const jit::Epilogue& epilogue, const at::Tensor& x,
                          const at::Tensor* other) {
  at::Tensor y = epilogue.combine == Combine::kAddThenActivate ? at::add(x, *other) : x;
  y = operator_of(epilogue).of(y);
  if (epilogue.combine == Combine::kAdd) y = at::add(y, *other);
  if (epilogue.combine == Combine::kMultiply) y = at::mul(y, *other);
  return y;
}

void apply_epilogue_(const jit::Epilogue& epilogue, at::Tensor& x, const at::Tensor* other) {
  if (epilogue.combine == Combine::kAddThenActivate) x.add_(*other);
  operator_of(epilogue).in_place(x);
  if (epilogue.combine == Combine::kAdd) x.add_(*other);
  if (epilogue.combine == Combine::kMultiply) x.mul_(*other);
}

jit::Epilogue rest_of(const jit::Epilogue& whole, const jit::Epilogue& part) {
  jit::Epilogue rest;
  if (part.activation == Activation::kNone) rest.activation = whole.activation;
  if (part.combine == Combine::kNone) rest.combine = whole.combine;
  return rest;
}

}  // namespace stoker::aten
