// Rows of a residual stream: their sum with what is added to them, and that sum normalized.
#pragma once

#include <cstdint>
#include <string>

#include "jit/isa.h"
#include "jit/phases/epilogue.h"

namespace stoker::jit {

enum class NormKind : uint8_t {
  kLayer,  // (x - mean) / sqrt(variance + eps) * weight + bias
  // x / sqrt(mean of squares + eps), rounded to the type of x where `scale` is that, too; then
  // * weight
  kRms,
};

// What the code depends on: bytes without gaps, the key of the cache.
struct NormConfig {
  Isa isa;  // kAvx2: 8 floats a vector, else 16
  NormKind kind;
  Element element;   // of x, other and the results
  Element scale;     // of weight and bias
  uint8_t adds = 0;  // x = x + other, rounded to `element` before anything else
  uint8_t weighted = 0;
  uint8_t biased = 0;

  bool operator==(const NormConfig&) const = default;
};

// Rows without gaps between them.
struct NormArgs {
  const void* x;
  const void* other;
  void* sum;  // x + other; may be either of them
  void* out;  // none of the others
  const void* weight;
  const void* bias;
  int64_t rows, columns;  // >= 1
  float count;            // `columns`
  float eps;
};

using NormKernel = void (*)(const NormArgs*) noexcept;

// Null when the kernel cannot be generated (no executable memory). Thread-safe.
NormKernel get_norm(const NormConfig& config) noexcept;

// The kernel's contract as a name, such as norm_layer_f32_avx2_add_weight_bias.
std::string norm_name(const NormConfig& config);

}  // namespace stoker::jit
