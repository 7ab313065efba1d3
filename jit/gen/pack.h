// The packer of matrix operands: from rows of either orientation to panels, see PackFormat.
#pragma once

#include <cstdint>

namespace stoker::jit {

// A step is a row of a panel: `width` words of 32 bits.
enum class PackFormat : uint8_t {
  kF32,        // step = one k: [k][width] fp32
  kBf16Pairs,  // step = two k: [k/2][width][2] bf16
  kF16Rows,    // step = two k: [k/2][2][width] fp16
};

enum class PackSource : uint8_t { kF32, k16Bit };

// Which elements of the source are neighbours in memory.
enum class PackOrder : uint8_t {
  kAlongK,  // [n][k], a weight of nn.Linear: packing transposes
  kAlongN,  // [k][n], the second operand of mm: packing copies or interleaves
};

// What the code depends on: bytes without gaps, the key of the cache. AVX2 alone, for panels of
// every ISA: memory is the limit, not the width of the vectors.
struct PackConfig {
  PackFormat format;
  PackSource source;  // kF32 to kBf16Pairs rounds; 16-bit values are moved unseen
  PackOrder order;
  uint8_t width;  // 16 or 64 columns in a panel; but for fp16 also 32 or 48
  bool stream;    // past the caches; `to` must be aligned to 32 bytes, and a fence must follow

  bool operator==(const PackConfig&) const = default;
};

struct PackArgs {
  const void* from;
  void* to;
  int64_t stride;  // bytes between rows of the source
  int64_t steps;   // >= 0
  // kAlongN only: so many panels side by side, in `to` so many bytes apart.
  int64_t panels, panel_bytes;
};

using PackKernel = void (*)(const PackArgs*) noexcept;

// k in one step.
constexpr int pack_step(PackFormat format) { return format == PackFormat::kF32 ? 1 : 2; }

// kAlongK: columns packed by one call; rows of the source. As many as fill whole cache lines of the
// panel: half lines, completed by the next call, ran at 20 to 45 % of the speed (Zen 3).
constexpr int pack_columns(PackFormat format, int width) {
  return format == PackFormat::kF16Rows && width >= 32 ? 32 : 16;
}

// kAlongK: steps come in fours. The source is read to the end of the last four; written are
// `steps`.
constexpr int kPackQuad = 4;

// kAlongK: pack_columns() rows of the source become as many columns of one panel.
// kAlongN: steps * pack_step() rows of the source become whole panels.
// Bf16 is rounded to nearest even and NaN becomes 0x7FC0, as kernels/bfloat16.h does.
// Null when the kernel cannot be generated (no executable memory, no such conversion). Thread-safe.
PackKernel get_pack(const PackConfig& config) noexcept;

}  // namespace stoker::jit
