// The block kernel of convolutions: a few pixels of Y times one panel of packed weights. It is a
// product whose k runs over pieces of memory, the lines of the window, so that nothing is gathered.
#pragma once

#include <cstdint>
#include <string>

#include "jit/gen/gemm.h"

namespace stoker::jit {

// Pixels of one kernel: as many pointers as there are registers for; with the panel of either ISA
// they are also what the vector registers hold.
constexpr int kSpatialRows = 6;

struct SpatialConfig {
  Isa isa;
  GemmMath math;                // kF32, kBf16Wide or kF16; B as they read it
  uint8_t rows;                 // pixels: 1 to kSpatialRows
  uint8_t vectors;              // columns: 1 to the vectors of a panel
  Element out = Element::kF32;  // what Y is stored as
  uint8_t prefetch_lines = 0;   // cache lines of `next` to bring into L2 in four k-steps
  Epilogue epilogue = {};       // never scaled

  bool operator==(const SpatialConfig&) const = default;
};

// A piece of k: where it begins, for each pixel, and how long it is.
struct SpatialRun {
  int64_t b;      // bytes from the start of the panel
  int64_t steps;  // k-steps, >= 0
  const void* rows[kSpatialRows];
};

struct SpatialArgs {
  const SpatialRun* runs;
  int64_t count;      // of runs, >= 0
  const void* b;      // the panel, [k-steps][width of a panel]
  const void* next;   // what is prefetched
  const float* bias;  // one a column, or null
  const float* c_in;  // what the sum starts from, rows a panel's width apart; null: zero
  // Where rows of Y and of the epilogue's other operand begin, [rows], and how many bytes further
  // these columns are.
  char* const* out;
  const char* const* other;
  int64_t out_at, other_at;
};

using SpatialKernel = void (*)(const SpatialArgs*) noexcept;

// Every element is summed in the order of the runs with one accumulator, started from c_in.
// Null when the kernel cannot be generated (no executable memory). Thread-safe.
SpatialKernel get_spatial(const SpatialConfig& config) noexcept;

// The kernel's contract as a name, such as spatial_f32_f32_6x16_avx2_relu.
std::string spatial_name(const SpatialConfig& config);

}  // namespace stoker::jit
