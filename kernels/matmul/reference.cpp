#include "kernels/bfloat16.h"
#include "kernels/element.h"
#include "kernels/matmul/matmul.h"

namespace stoker::kernels::matmul {
namespace {

float load(const Operand& o, int64_t batch, int64_t row, int64_t col) noexcept {
  const int64_t at = batch * o.batch_stride + row * o.row_stride + col * o.col_stride;
  return load_element(o.data, o.type, at);
}

float rounded(float value, DataType type) noexcept {
  return type == DataType::kBFloat16 ? to_float(to_bf16(value)) : value;
}

double element(const Product& p, int64_t batch, int64_t row, int64_t col) noexcept {
  double sum = 0;
  for (int64_t i = 0; i < p.k; ++i) {
    sum += static_cast<double>(rounded(load(p.a, batch, row, i), p.multiply)) *
           static_cast<double>(rounded(load(p.b, batch, i, col), p.multiply));
  }
  sum *= p.alpha;
  if (p.d.data == nullptr) return sum;
  const float d = load(p.d, batch, row, col);
  return sum + static_cast<double>(p.beta) * (p.rounds_d() ? rounded(d, p.c_type) : d);
}

}  // namespace

void reference(const Product& p) noexcept {
  for (int64_t batch = 0; batch < p.batch; ++batch) {
    for (int64_t row = 0; row < p.m; ++row) {
      for (int64_t col = 0; col < p.n; ++col) {
        store_element(p.c, p.c_type, (batch * p.m + row) * p.n + col,
                      static_cast<float>(element(p, batch, row, col)));
      }
    }
  }
}

}  // namespace stoker::kernels::matmul
