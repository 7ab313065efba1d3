// What a row hands back to the override.
#pragma once

#include <ATen/core/Tensor.h>

namespace stoker::aten {

struct RowResult {
  at::Tensor value;                // undefined when declined
  const char* declined = nullptr;  // why the stock kernel has to do it
};

}  // namespace stoker::aten
