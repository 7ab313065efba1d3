// A generator to copy: y[i] = activation(x[i]). It shows the order of things; the sweep of the
// elementary functions runs on it.
#pragma once

#include <cstdint>

#include "jit/isa.h"
#include "jit/phases/epilogue.h"

namespace stoker::jit {

// What the code depends on: bytes without gaps, the key of the cache.
struct SkeletonConfig {
  Isa isa;
  Activation activation;

  bool operator==(const SkeletonConfig&) const = default;
};

// What one call brings.
struct SkeletonArgs {
  const float* x;
  float* y;       // may be x
  int64_t count;  // >= 0
};

using SkeletonKernel = void (*)(const SkeletonArgs*) noexcept;

// Null when the kernel cannot be generated. Thread-safe.
SkeletonKernel get_skeleton(const SkeletonConfig& config) noexcept;

}  // namespace stoker::jit
