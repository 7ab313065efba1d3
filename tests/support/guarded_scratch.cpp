// Scratch memory of the kernels (kernels/scratch.h) lies before a page without access and is full
// of NaN: generated code that leaves it, or uses what nobody wrote, shows in every test. The linker
// brings the two calls here (--wrap).
#include <cstddef>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <unordered_map>

#include "tests/support/guarded_pages.h"

namespace stoker::tests {
namespace {

class GivenOut {
 public:
  void* add(std::unique_ptr<GuardedPages> pages, size_t bytes) {
    void* const memory = pages->end() - bytes;
    const std::lock_guard lock(mutex_);
    all_.emplace(memory, std::move(pages));
    return memory;
  }
  bool remove(void* memory) {
    const std::lock_guard lock(mutex_);
    return all_.erase(memory) != 0;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<void*, std::unique_ptr<GuardedPages>> all_;
};

GivenOut& given_out() {
  static auto* const all = new GivenOut();
  return *all;
}

}  // namespace
}  // namespace stoker::tests

extern "C" {

void __real_free(void* memory);

// `bytes` is a multiple of the alignment, so the end of a page is aligned enough.
void* __wrap_aligned_alloc(size_t, size_t bytes) {
  using namespace stoker::tests;
  try {
    auto pages = std::make_unique<GuardedPages>(bytes);
    std::memset(pages->begin(), 0xFF, static_cast<size_t>(pages->end() - pages->begin()));
    return given_out().add(std::move(pages), bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void __wrap_free(void* memory) {
  if (!stoker::tests::given_out().remove(memory)) __real_free(memory);
}

}  // extern "C"
