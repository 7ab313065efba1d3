#include "aten/pack_memory.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <sys/mman.h>

namespace stoker::aten {
namespace {

// Below, the heap wastes less than a mapping's last page does.
constexpr int64_t kMapped = 256 << 10;

}  // namespace

at::Tensor pack_memory(int64_t bytes) {
  if (bytes < kMapped) return at::empty({bytes}, at::kByte);
  const auto size = static_cast<size_t>(bytes);
  void* const memory =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return at::Tensor();
  return at::from_blob(memory, {bytes}, [size](void* mapped) { munmap(mapped, size); }, at::kByte);
}

at::Tensor side_by_side(std::span<const at::Tensor> sources) {
  if (sources.size() == 1) return sources[0].contiguous();
  return at::cat(at::TensorList(sources.data(), sources.size()));
}

}  // namespace stoker::aten
