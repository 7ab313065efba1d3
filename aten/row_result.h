// What a row hands back to the override.
#pragma once

#include <ATen/core/Tensor.h>

namespace stoker::aten {

// Value: a tensor, or a tuple of them where the operator returns several.
template <class Value = at::Tensor>
struct RowResult {
  Value value;                     // default-constructed when declined
  const char* declined = nullptr;  // why the stock kernel has to do it
};

}  // namespace stoker::aten
