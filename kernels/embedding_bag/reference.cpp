#include "kernels/element.h"
#include "kernels/embedding_bag/embedding_bag.h"

namespace stoker::kernels::embedding_bag {
namespace {

class Reference {
 public:
  explicit Reference(const Bags& bags) : b_(bags) {}

  bool valid() const {
    for (int64_t i = 0; i < b_.bags; ++i) {
      if (begin(i) > begin(i + 1) || begin(i + 1) > b_.count) return false;
    }
    if (b_.bags > 0 && begin(0) != 0) return false;
    for (int64_t i = 0; i < b_.count; ++i) {
      if (index(i) < 0 || index(i) >= b_.rows) return false;
    }
    return true;
  }

  void bag(int64_t number) const {
    int64_t size = 0;
    for (int64_t i = begin(number); i < begin(number + 1); ++i) {
      if (b_.bag_of) set_integer(b_.bag_of, i, b_.index_bytes, number);
      size += index(i) != b_.padding;
    }
    if (b_.sizes) set_integer(b_.sizes, number, b_.index_bytes, size);
    for (int64_t column = 0; column < b_.columns; ++column) value(number, column, size);
  }

 private:
  int64_t begin(int64_t bag) const {
    return bag == b_.bags ? b_.count : integer_at(b_.offsets, bag, b_.index_bytes);
  }
  int64_t index(int64_t i) const { return integer_at(b_.indices, i, b_.index_bytes); }

  void value(int64_t bag, int64_t column, int64_t size) const {
    double result = 0;
    int64_t winner = -1;
    for (int64_t i = begin(bag); i < begin(bag + 1); ++i) {
      if (index(i) == b_.padding) continue;
      const double x = load_element(b_.table, b_.type, index(i) * b_.row_stride + column);
      if (b_.mode == Mode::kMax) {
        if (winner >= 0 && !(x > result)) continue;
        result = x;
        winner = index(i);
      } else {
        result += b_.scales ? x * static_cast<double>(b_.scales[i]) : x;
      }
    }
    if (b_.mode == Mode::kMean && size > 0) result /= static_cast<double>(size);
    store_element(b_.out, b_.type, bag * b_.out_stride + column, static_cast<float>(result));
    if (b_.max_indices) {
      const int64_t at = bag * b_.columns + column;
      set_integer(b_.max_indices, at, b_.index_bytes, winner < 0 ? 0 : winner);
    }
  }

  const Bags& b_;
};

}  // namespace

Outcome reference(const Bags& bags) noexcept {
  const Reference twin(bags);
  if (!twin.valid()) return Outcome::kInvalid;
  for (int64_t i = 0; i < bags.bags; ++i) twin.bag(i);
  return Outcome::kDone;
}

}  // namespace stoker::kernels::embedding_bag
