// Executable memory, in one reserved region of the process.
#pragma once

#include <atomic>
#include <cstddef>

namespace stoker::jit {

// Code comes in finished and is never changed or freed; a page is writable while it is filled and
// executable afterwards, never both (W^X). Two mappings of one memory file would let kernels share
// pages, but a forked child would then write into its parent's code.
class Arena {
 public:
  // Reserves `bytes` of addresses, no memory; rounded up to whole pages.
  explicit Arena(size_t bytes) noexcept;
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // A copy of the position-independent `code` on pages of its own. Null when the region is full or
  // the system refuses executable memory. Thread-safe, without locks.
  const void* commit(const void* code, size_t bytes) noexcept;

  size_t used() const noexcept;  // bytes of pages handed out

 private:
  char* memory_;
  size_t bytes_, page_;
  std::atomic<size_t> used_{0};
};

// Where every kernel lives, as long as the process. 64 MiB of addresses, not of memory: sixteen
// thousand kernels, where a program uses some hundred.
Arena& process_arena() noexcept;

}  // namespace stoker::jit
