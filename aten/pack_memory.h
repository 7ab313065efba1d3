// Memory of packs: mappings of their own, so that what an eviction frees goes back to the system.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>

namespace stoker::aten {

// Uninitialised bytes, aligned to a cache line at least, as a uint8 tensor [bytes]; undefined when
// there is no memory. From 2 MiB on they begin at a huge page and ask the system for such pages.
// From the heap, 100 MiB of packs of 16 MiB that evict each other kept up to 247 MiB resident:
// glibc stops mapping blocks of a size that was freed once.
at::Tensor pack_memory(int64_t bytes);

// The rows of several weights one below the other, contiguous: a weight whose outputs lie side by
// side. A single contiguous one is not copied.
at::Tensor side_by_side(std::span<const at::Tensor> sources);

}  // namespace stoker::aten
