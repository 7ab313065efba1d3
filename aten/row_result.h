// What a row hands back to the override.
#pragma once

#include <ATen/core/Tensor.h>

namespace stoker::aten {

// T is what the operator's result is made of: a tensor, or a tuple of them.
template <class T>
struct RowResult {
  T value{};                       // undefined tensors when declined
  const char* declined = nullptr;  // why the stock kernel has to do it
};

}  // namespace stoker::aten
