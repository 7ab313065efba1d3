// The bias of a product with packed panels.
#pragma once

#include <algorithm>

#include "kernels/element.h"
#include "kernels/linear/pack.h"
#include "kernels/scratch.h"

namespace stoker::kernels::linear {

// fp32, and padded to whole panels because the kernels read whole vectors. A copy only where the
// given one is not that already; `bias` may be null.
class PanelBias {
 public:
  // False when there is no memory. Once per object.
  bool make(const Layout& layout, const void* bias, DataType type, int64_t n) noexcept {
    const int64_t padded = layout.panels(n) * layout.width;
    data_ = static_cast<const float*>(bias);
    if (bias == nullptr || (type == DataType::kFloat32 && padded == n)) return true;
    if (!memory_.reserve(padded * 4)) return false;
    float* const to = memory_.as<float>();
    widen(type, bias, to, n);
    std::fill(to + n, to + padded, 0.0f);
    data_ = to;
    return true;
  }

  // Of a panel; null when there is none.
  const float* at(int64_t column) const noexcept {
    return data_ == nullptr ? nullptr : data_ + column;
  }

 private:
  const float* data_ = nullptr;
  Scratch memory_;
};

}  // namespace stoker::kernels::linear
