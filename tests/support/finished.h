// What an epilogue makes of a sum, and of the sum's error.
#pragma once

#include <cmath>
#include <limits>

#include "jit/phases/epilogue.h"
#include "tests/support/activations.h"

namespace stoker::tests {

struct Finished {
  double value, error;
};

// In fp32 steps of an unscaled epilogue: each step's error times what the next makes of it (no
// activation steepens by more than 1.2). The rounding to the type of the result is not in it.
inline Finished finished(const jit::Epilogue& e, double sum, double error, double other) {
  constexpr double kEps = std::numeric_limits<float>::epsilon();
  double value = sum;
  if (e.combine == jit::Combine::kAddThenActivate) value += other, error += kEps * std::fabs(other);
  value = activate(e.activation, value);
  error = 1.2 * error + 8 * kEps * (std::fabs(value) + kEps);
  if (e.combine == jit::Combine::kAdd) value += other;
  if (e.combine == jit::Combine::kMultiply) value *= other, error *= std::fabs(other);
  return {value, error + 2 * kEps * (std::fabs(value) + std::fabs(other))};
}

}  // namespace stoker::tests
