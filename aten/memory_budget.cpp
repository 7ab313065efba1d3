#include "aten/memory_budget.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace stoker::aten {
namespace {

constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

int64_t mem_available() {
  std::ifstream file("/proc/meminfo");
  for (std::string name, unit; file >> name;) {
    int64_t kilobytes = 0;
    if (name == "MemAvailable:" && file >> kilobytes) return kilobytes * 1024;
    std::getline(file, unit);
  }
  return kUnlimited;
}

// The cgroup file of this process: line "0::/path" (v2) or "N:memory:/path" (v1).
std::string cgroup_path(const std::string& controller) {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t at = line.find(controller);
    if (at != std::string::npos) return line.substr(at + controller.size());
  }
  return "/";
}

int64_t read_number(const std::string& path) {
  std::ifstream file(path);
  int64_t value = 0;
  return file >> value ? value : kUnlimited;  // "max" and a missing file alike
}

int64_t headroom(const std::string& folder, const char* limit, const char* used) {
  const int64_t most = read_number(folder + "/" + limit);
  const int64_t now = read_number(folder + "/" + used);
  return most == kUnlimited || now == kUnlimited ? kUnlimited : std::max<int64_t>(0, most - now);
}

// What a limit of this process leaves (ulimit -v and -d). `column` of proc(5)'s statm is what the
// kernel compares with it, in pages.
int64_t process_headroom(__rlimit_resource_t resource, size_t column) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur > static_cast<rlim_t>(kUnlimited)) {
    return kUnlimited;
  }
  std::ifstream file("/proc/self/statm");
  int64_t pages = 0;
  for (size_t i = 0; i <= column; ++i) file >> pages;
  if (!file) return kUnlimited;
  return std::max<int64_t>(0, static_cast<int64_t>(limit.rlim_cur) - pages * getpagesize());
}

}  // namespace

int64_t available_memory() {
  static const std::string v2 = "/sys/fs/cgroup" + cgroup_path("0::");
  static const std::string v1 = "/sys/fs/cgroup/memory" + cgroup_path(":memory:");
  return std::min({mem_available(), headroom(v2, "memory.max", "memory.current"),
                   headroom("/sys/fs/cgroup", "memory.max", "memory.current"),
                   headroom(v1, "memory.limit_in_bytes", "memory.usage_in_bytes"),
                   process_headroom(RLIMIT_AS, 0), process_headroom(RLIMIT_DATA, 5)});
}

bool fits_available(int64_t bytes) { return bytes <= available_memory() / 4; }

}  // namespace stoker::aten
