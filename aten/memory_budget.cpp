#include "aten/memory_budget.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>

namespace stoker::aten {
namespace {

using std::filesystem::path;

constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

// "max", a missing file and nonsense alike are no limit.
int64_t read_number(const path& file_name) {
  std::ifstream file(file_name);
  int64_t value = 0;
  return file >> value && value >= 0 ? value : kUnlimited;
}

// The number beside `name` in a file of lines "name number"; `missing` where there is none.
int64_t read_named(const path& file_name, std::string_view name, int64_t missing) {
  std::ifstream file(file_name);
  for (std::string found, rest; file >> found; std::getline(file, rest)) {
    int64_t value = 0;
    if (found == name) return file >> value && value >= 0 ? value : missing;
  }
  return missing;
}

int64_t mem_available(const path& root) {
  const int64_t kilobytes = read_named(root / "proc/meminfo", "MemAvailable:", kUnlimited);
  return kilobytes > kUnlimited / 1024 ? kUnlimited : kilobytes * 1024;
}

// One of the kernel's two cgroup file systems, and its names (kernel documentation,
// admin-guide/cgroup-v2 "Memory" and cgroup-v1/memory).
struct Hierarchy {
  std::string_view controller;  // as cgroups(7) lists it; v2 lists none
  const char* mount;
  const char* limit;
  const char* slow_down;  // a limit above which a group waits until it has given some back
  const char* used;
  const char* cache;  // in memory.stat: pages of files that the kernel drops before it refuses
};

constexpr Hierarchy kV2{.controller = "",
                        .mount = "sys/fs/cgroup",
                        .limit = "memory.max",
                        .slow_down = "memory.high",
                        .used = "memory.current",
                        .cache = "inactive_file"};
constexpr Hierarchy kV1{.controller = "memory",
                        .mount = "sys/fs/cgroup/memory",
                        .limit = "memory.limit_in_bytes",
                        .slow_down = nullptr,
                        .used = "memory.usage_in_bytes",
                        .cache = "total_inactive_file"};

// A list of names in which every name has a comma on both sides. (GCC 12 warns of "," + a string.)
std::string fenced(std::string_view list) {
  std::string result(1, ',');
  return result.append(list).append(1, ',');
}

// This process's cgroup, of a line "N:controller,controller:/path".
path cgroup_path(const path& root, std::string_view controller) {
  std::ifstream file(root / "proc/self/cgroup");
  const std::string wanted = fenced(controller);
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string list = fenced(std::string_view(line).substr(first + 1, second - first - 1));
    if (list.find(wanted) != std::string::npos) return line.substr(second + 1);
  }
  return {};
}

int64_t headroom(const path& group, const Hierarchy& names) {
  int64_t limit = read_number(group / names.limit);
  if (names.slow_down != nullptr) limit = std::min(limit, read_number(group / names.slow_down));
  if (limit == kUnlimited) return kUnlimited;
  const int64_t used = read_number(group / names.used);
  if (used == kUnlimited) return kUnlimited;
  const int64_t cache = read_named(group / "memory.stat", names.cache, 0);
  return std::max<int64_t>(0, limit - (used - std::min(cache, used)));
}

// Every group above limits, too. A container may see its own group as the mount's root, under a
// path that is the host's: then only the root is there.
int64_t cgroup_headroom(const path& root, const Hierarchy& names) {
  path group = root / names.mount;
  int64_t least = headroom(group, names);
  for (const path& name : cgroup_path(root, names.controller).relative_path()) {
    group /= name;
    least = std::min(least, headroom(group, names));
  }
  return least;
}

// What a limit of this process leaves (ulimit -v and -d). `column` of proc(5)'s statm is what the
// kernel compares with it, in pages.
int64_t process_headroom(const path& root, __rlimit_resource_t resource, size_t column) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur > static_cast<rlim_t>(kUnlimited)) {
    return kUnlimited;
  }
  std::ifstream file(root / "proc/self/statm");
  int64_t pages = 0;
  for (size_t i = 0; i <= column; ++i) file >> pages;
  if (!file) return kUnlimited;
  return std::max<int64_t>(0, static_cast<int64_t>(limit.rlim_cur) - pages * getpagesize());
}

}  // namespace

int64_t available_memory(const path& root) {
  return std::min({mem_available(root), cgroup_headroom(root, kV2), cgroup_headroom(root, kV1),
                   process_headroom(root, RLIMIT_AS, 0), process_headroom(root, RLIMIT_DATA, 5)});
}

bool fits_available(int64_t bytes) { return bytes <= available_memory() / 4; }

}  // namespace stoker::aten
