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

namespace stoker::aten {
namespace {

using jit::Activation;
using jit::Combine;

at::Tensor activate(Activation activation, const at::Tensor& x) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return at::relu(x);
    case Activation::kGelu:
      return at::gelu(x);
    case Activation::kGeluTanh:
      return at::gelu(x, "tanh");
    case Activation::kSilu:
      return at::silu(x);
    case Activation::kSigmoid:
      return at::sigmoid(x);
    case Activation::kTanh:
      return at::tanh(x);
    case Activation::kHardswish:
      return at::hardswish(x);
    case Activation::kRelu6:
      return at::relu6(x);
    case Activation::kHardsigmoid:
      return at::hardsigmoid(x);
  }
  return x;
}

void activate_(Activation activation, at::Tensor& x) {
  switch (activation) {
    case Activation::kNone:
      break;
    case Activation::kRelu:
      at::relu_(x);
      break;
    case Activation::kGelu:
      at::gelu_(x);
      break;
    case Activation::kGeluTanh:
      at::gelu_(x, "tanh");
      break;
    case Activation::kSilu:
      at::silu_(x);
      break;
    case Activation::kSigmoid:
      at::sigmoid_(x);
      break;
    case Activation::kTanh:
      at::tanh_(x);
      break;
    case Activation::kHardswish:
      at::hardswish_(x);
      break;
    case Activation::kRelu6:
      at::relu6_(x);
      break;
    case Activation::kHardsigmoid:
      at::hardsigmoid_(x);
      break;
  }
}

}  // namespace

void check_epilogue(const char* op, int64_t activation, int64_t combine,
                    const std::optional<at::Tensor>& other) {
  TORCH_CHECK(activation >= 0 && activation <= static_cast<int64_t>(Activation::kHardsigmoid), op,
              ": activation is ", activation, ", expected 0 to 9");
  TORCH_CHECK(combine >= 0 && combine <= static_cast<int64_t>(Combine::kAddThenActivate), op,
              ": combine is ", combine, ", expected 0 to 3");
  TORCH_CHECK((combine != 0) == other.has_value(), op, ": combine and other go together");
}

at::Tensor apply_epilogue(const jit::Epilogue& epilogue, const at::Tensor& x,
                          const at::Tensor* other) {
  at::Tensor y = epilogue.combine == Combine::kAddThenActivate ? at::add(x, *other) : x;
  y = activate(epilogue.activation, y);
  if (epilogue.combine == Combine::kAdd) y = at::add(y, *other);
  if (epilogue.combine == Combine::kMultiply) y = at::mul(y, *other);
  return y;
}

void apply_epilogue_(const jit::Epilogue& epilogue, at::Tensor& x, const at::Tensor* other) {
  if (epilogue.combine == Combine::kAddThenActivate) x.add_(*other);
  activate_(epilogue.activation, x);
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
