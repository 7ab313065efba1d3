#include "kernels/linear/linear.h"

namespace stoker::kernels::linear {

void reference(const Operands& operands) noexcept {
  for (int64_t i = 0; i < operands.m; ++i) {
    for (int64_t j = 0; j < operands.n; ++j) {
      double sum = operands.bias ? operands.bias[j] : 0.0;
      for (int64_t p = 0; p < operands.k; ++p) {
        sum += static_cast<double>(operands.x[i * operands.ldx + p]) *
               static_cast<double>(operands.w[j * operands.ldw + p]);
      }
      operands.y[i * operands.ldy + j] = static_cast<float>(sum);
    }
  }
}

}  // namespace stoker::kernels::linear
