// A buffer whose end is the end of readable memory: one byte too far is a fault at once.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <new>
#include <vector>

namespace stoker::tests {

// `count` elements of trivial T, filled with `fill`, directly before a page without access; `slack`
// elements in front of them tell whether anything was written too early. The address is aligned as
// the size is: odd counts give unaligned pointers.
template <class T>
class GuardedBuffer {
 public:
  explicit GuardedBuffer(size_t count, T fill = T(), size_t slack = 0)
      : count_(count), slack_(slack), fill_(fill) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t bytes = (count + slack) * sizeof(T);
    pages_ = (bytes + page - 1) / page * page;
    memory_ = static_cast<char*>(
        mmap(nullptr, pages_ + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (memory_ == MAP_FAILED || mprotect(memory_ + pages_, page, PROT_NONE) != 0) {
      throw std::bad_alloc();
    }
    mapped_ = pages_ + page;
    for (T& value : whole()) value = fill;
  }
  explicit GuardedBuffer(const std::vector<T>& values) : GuardedBuffer(values.size()) {
    if (!values.empty()) std::memcpy(data(), values.data(), values.size() * sizeof(T));
  }
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;
  ~GuardedBuffer() { munmap(memory_, mapped_); }

  T* data() const noexcept { return reinterpret_cast<T*>(memory_ + pages_) - count_; }
  std::vector<T> values() const { return {data(), data() + count_}; }
  bool slack_untouched() const noexcept {
    for (const T* p = data() - slack_; p != data(); ++p) {
      if (std::memcmp(p, &fill_, sizeof(T)) != 0) return false;
    }
    return true;
  }

 private:
  struct Range {
    T *first, *last;
    T* begin() const { return first; }
    T* end() const { return last; }
  };
  Range whole() const { return {data() - slack_, data() + count_}; }

  size_t count_, slack_, pages_ = 0, mapped_ = 0;
  T fill_;
  char* memory_ = nullptr;
};

}  // namespace stoker::tests
