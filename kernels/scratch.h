// Memory for the length of one call, aligned to cache lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace stoker::kernels {

class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::free(memory_); }

  // False when there is no memory; contents are undefined. Once per object.
  bool reserve(int64_t bytes) noexcept {
    memory_ = std::aligned_alloc(64, static_cast<size_t>(bytes) / 64 * 64 + 64);
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
