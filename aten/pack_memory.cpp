#include "aten/pack_memory.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <sys/mman.h>

namespace stoker::aten {
namespace {

// Below, the heap wastes less than a mapping's last page does.
constexpr int64_t kMapped = 256 << 10;
constexpr size_t kHugePage = 2 << 20;

// Where `memory` or the first huge page behind it begins.
void* first_huge_page(void* memory) {
  const auto address = reinterpret_cast<uintptr_t>(memory);
  return reinterpret_cast<void*>((address + kHugePage - 1) / kHugePage * kHugePage);
}

}  // namespace

at::Tensor pack_memory(int64_t bytes) {
  if (bytes < kMapped) return at::empty({bytes}, at::kByte);
  const auto size = static_cast<size_t>(bytes);
  // Room to begin at a huge page; what is never touched is only address space.
  const bool huge = size >= kHugePage;
  const size_t mapped = size + (huge ? kHugePage : 0);
  void* const memory =
      mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return at::Tensor();
  void* const start = huge ? first_huge_page(memory) : memory;
  // A wish: without effect where the system's setting is never, and where no huge page is free.
  if (huge) madvise(start, size, MADV_HUGEPAGE);
  const auto unmap = [memory, mapped](void*) { munmap(memory, mapped); };
  return at::from_blob(start, {bytes}, unmap, at::kByte);
}

at::Tensor side_by_side(std::span<const at::Tensor> sources) {
  if (sources.size() == 1) return sources[0].contiguous();
  return at::cat(at::TensorList(sources.data(), sources.size()));
}

}  // namespace stoker::aten
