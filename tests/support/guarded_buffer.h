// Buffers between pages without access: one byte too far is a fault at once.
#pragma once

#include <cstddef>
#include <cstring>
#include <vector>

#include "tests/support/guarded_pages.h"

namespace stoker::tests {

// `count` elements of trivial T, filled with `fill`, directly before a page without access, or
// behind one (guards_front()); `slack` elements on the other side tell whether anything was written
// there. The address is aligned as the size is: odd counts give unaligned pointers.
template <class T>
class GuardedBuffer {
 public:
  explicit GuardedBuffer(size_t count, T fill = T(), size_t slack = 0)
      : count_(count), slack_(slack), fill_(fill), pages_((count + slack) * sizeof(T)) {
    data_ = guards_front() ? static_cast<T*>(static_cast<void*>(pages_.begin()))
                           : static_cast<T*>(static_cast<void*>(pages_.end())) - count;
    for (size_t i = 0; i < count; ++i) data_[i] = fill;
    for (T& value : slack_range()) value = fill;
  }
  explicit GuardedBuffer(const std::vector<T>& values) : GuardedBuffer(values.size()) {
    if (!values.empty()) std::memcpy(data(), values.data(), values.size() * sizeof(T));
  }

  T* data() const noexcept { return data_; }
  std::vector<T> values() const { return {data_, data_ + count_}; }
  bool slack_untouched() const noexcept {
    for (const T& value : slack_range()) {
      if (std::memcmp(&value, &fill_, sizeof(T)) != 0) return false;
    }
    return true;
  }

 private:
  struct Range {
    T *first, *last;
    T* begin() const { return first; }
    T* end() const { return last; }
  };
  Range slack_range() const {
    T* const first = guards_front() ? data_ + count_ : data_ - slack_;
    return {first, first + slack_};
  }

  size_t count_, slack_;
  T fill_;
  GuardedPages pages_;
  T* data_;
};

}  // namespace stoker::tests
