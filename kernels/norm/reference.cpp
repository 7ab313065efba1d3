#include <cmath>

#include "kernels/element.h"
#include "kernels/norm/norm.h"

namespace stoker::kernels::norm {
namespace {

void row(const Call& c, int64_t first) {
  const void* const values = c.other ? c.sum : c.x;
  for (int64_t i = first; c.other && i < first + c.columns; ++i) {
    store_element(c.sum, c.type, i,
                  load_element(c.x, c.type, i) + load_element(c.other, c.type, i));
  }
  const auto value = [&](int64_t i) -> double { return load_element(values, c.type, first + i); };
  double mean = 0, squares = 0;
  for (int64_t i = 0; c.kind == Kind::kLayer && i < c.columns; ++i) mean += value(i);
  mean /= static_cast<double>(c.columns);
  for (int64_t i = 0; i < c.columns; ++i) squares += (value(i) - mean) * (value(i) - mean);
  const double factor = 1 / std::sqrt(squares / static_cast<double>(c.columns) + c.eps);
  for (int64_t i = 0; i < c.columns; ++i) {
    double x = (value(i) - mean) * factor;
    if (c.kind == Kind::kRms && c.weight_type == c.type) {
      store_element(c.out, c.type, first + i, static_cast<float>(x));
      x = load_element(c.out, c.type, first + i);
    }
    if (c.weight) x *= load_element(c.weight, c.weight_type, i);
    if (c.bias) x += load_element(c.bias, c.weight_type, i);
    store_element(c.out, c.type, first + i, static_cast<float>(x));
  }
}

}  // namespace

void reference(const Call& call) noexcept {
  for (int64_t i = 0; i < call.rows; ++i) row(call, i * call.columns);
}

}  // namespace stoker::kernels::norm
