// Memory with a page without access on either side.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <string_view>

namespace stoker::tests {

// Do buffers begin behind a page without access, instead of ending before one? By
// STOKER_TEST_GUARD=front: a buffer has one of its two ends at a page's.
inline bool guards_front() {
  static const bool front = [] {
    const char* const side = std::getenv("STOKER_TEST_GUARD");
    return side != nullptr && std::string_view(side) == "front";
  }();
  return front;
}

// Whole pages, at least so many bytes.
class GuardedPages {
 public:
  explicit GuardedPages(size_t bytes)
      : page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))),
        size_((bytes + page_ - 1) / page_ * page_),
        memory_(static_cast<char*>(mmap(nullptr, size_ + 2 * page_, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    // Those, not what is between them, which may be nothing: qemu protects no empty range.
    if (memory_ == MAP_FAILED || mprotect(memory_, page_, PROT_NONE) != 0 ||
        mprotect(end(), page_, PROT_NONE) != 0) {
      throw std::bad_alloc();
    }
  }
  GuardedPages(const GuardedPages&) = delete;
  GuardedPages& operator=(const GuardedPages&) = delete;
  ~GuardedPages() { munmap(memory_, size_ + 2 * page_); }

  char* begin() const noexcept { return memory_ + page_; }
  char* end() const noexcept { return begin() + size_; }

 private:
  const size_t page_, size_;
  char* const memory_;
};

}  // namespace stoker::tests
