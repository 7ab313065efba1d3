// How much memory a pack may take now.
#pragma once

#include <cstdint>

namespace stoker::aten {

// Bytes this process could still take: the least of MemAvailable, the cgroup's headroom and its own
// (proc(5); kernel cgroup-v2 memory.max/memory.current, v1 memory.limit_in_bytes; getrlimit(2)
// RLIMIT_AS, RLIMIT_DATA). Unreadable files do not limit.
int64_t available_memory();

// A single pack may take a quarter of what is available.
bool fits_available(int64_t bytes);

}  // namespace stoker::aten
