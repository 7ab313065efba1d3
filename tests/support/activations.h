// The activations in double precision: what the generated ones are compared with.
#pragma once

#include <cmath>

#include "jit/phases/epilogue.h"

namespace stoker::tests {

constexpr jit::Activation kActivations[] = {jit::Activation::kNone,  jit::Activation::kRelu,
                                            jit::Activation::kGelu,  jit::Activation::kGeluTanh,
                                            jit::Activation::kSilu,  jit::Activation::kSigmoid,
                                            jit::Activation::kTanh,  jit::Activation::kHardswish,
                                            jit::Activation::kRelu6, jit::Activation::kHardsigmoid};

inline double activate(jit::Activation activation, double x) {
  switch (activation) {
    case jit::Activation::kNone:
      return x;
    case jit::Activation::kRelu:
      return std::isnan(x) ? x : std::fmax(x, 0.0);
    case jit::Activation::kGelu:
      return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
    case jit::Activation::kGeluTanh:
      // 1 + tanh u = 2 / (1 + e^-2u), without cancellation
      return x / (1 + std::exp(-2 * std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case jit::Activation::kSilu:
      return x / (1 + std::exp(-x));
    case jit::Activation::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case jit::Activation::kTanh:
      return std::tanh(x);
    case jit::Activation::kHardswish:
      return std::isnan(x) ? x : x * std::fmin(std::fmax(x + 3, 0.0), 6.0) / 6;
    case jit::Activation::kRelu6:
      return std::isnan(x) ? x : std::fmin(std::fmax(x, 0.0), 6.0);
    case jit::Activation::kHardsigmoid:
      return std::isnan(x) ? x : std::fmin(std::fmax(x + 3, 0.0), 6.0) / 6;
  }
  return NAN;
}

}  // namespace stoker::tests
