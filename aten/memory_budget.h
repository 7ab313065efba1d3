// How much memory a pack may take now.
#pragma once

#include <cstdint>
#include <filesystem>

namespace stoker::aten {

// Bytes this process could still take: the least of MemAvailable, the headroom of its cgroups and
// its own (getrlimit(2) RLIMIT_AS, RLIMIT_DATA). What cannot be read does not limit. The kernel's
// files are read below `root`.
int64_t available_memory(const std::filesystem::path& root = "/");

// A single pack may take a quarter of what is available.
bool fits_available(int64_t bytes);

}  // namespace stoker::aten
