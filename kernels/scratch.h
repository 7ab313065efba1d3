// Memory for the length of one call, aligned to cache lines.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "kernels/rounding.h"

namespace stoker::kernels {

class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::free(memory_); }

  // False when there is no memory; contents are undefined. Once per object.
  bool reserve(int64_t bytes) noexcept {
    const int64_t lines = std::max<int64_t>(1, ceil_div(bytes, 64));
    memory_ = std::aligned_alloc(64, static_cast<size_t>(lines) * 64);
    return memory_ != nullptr;
  }

  template <class T>
  T* as() const noexcept {
    return static_cast<T*>(memory_);
  }

 private:
  void* memory_ = nullptr;
};

}  // namespace stoker::kernels
