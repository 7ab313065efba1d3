#include "jit/arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace stoker::jit {
namespace {

size_t round_up(size_t bytes, size_t page) { return (bytes + page - 1) / page * page; }

}  // namespace

Arena::Arena(size_t bytes) noexcept : page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
  bytes_ = round_up(bytes, page_);
  void* const memory =
      mmap(nullptr, bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  memory_ = memory == MAP_FAILED ? nullptr : static_cast<char*>(memory);
}

Arena::~Arena() {
  if (memory_ != nullptr) munmap(memory_, bytes_);
}

const void* Arena::commit(const void* code, size_t bytes) noexcept {
  const size_t size = round_up(bytes, page_);
  if (memory_ == nullptr || size > bytes_) return nullptr;
  // A region that is full stays full: what does not fit does not move the mark past the end.
  size_t offset = used_.load(std::memory_order_relaxed);
  do {
    if (size > bytes_ - offset) return nullptr;
  } while (!used_.compare_exchange_weak(offset, offset + size, std::memory_order_relaxed));
  char* const to = memory_ + offset;
  if (mprotect(to, size, PROT_READ | PROT_WRITE) != 0) return nullptr;
  std::memcpy(to, code, bytes);
  constexpr int kBreakpoint = 0xCC;  // running past the end of a kernel traps
  std::memset(to + bytes, kBreakpoint, size - bytes);
  return mprotect(to, size, PROT_READ | PROT_EXEC) == 0 ? to : nullptr;
}

size_t Arena::used() const noexcept { return used_.load(std::memory_order_relaxed); }

Arena& process_arena() noexcept {
  static Arena* const arena = new Arena(64 << 20);  // leaked: kernels run during shutdown
  return *arena;
}

}  // namespace stoker::jit
