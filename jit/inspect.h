// Ways to look at generated code from outside.
#pragma once

#include <cstddef>
#include <string>

namespace stoker::jit {

struct Inspection {
  std::string dump_dir;   // NAME.bin of every kernel, for objdump -D -b binary -m i386:x86-64
  bool perf_map = false;  // /tmp/perf-PID.map, in which `perf report` looks names up
};

// For kernels generated from now on. Not thread-safe: call it before the first one.
void set_inspection(Inspection inspection);

// Called once a kernel. What cannot be written is left out.
void inspect(const std::string& name, const void* code, size_t bytes) noexcept;

}  // namespace stoker::jit
