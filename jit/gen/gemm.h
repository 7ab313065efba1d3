// The block kernel of matrix products: C[rows, width] (+)= A[rows, k] x B[k, width].
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "jit/isa.h"
#include "jit/phases/epilogue.h"

namespace stoker::jit {

// How one k-step multiplies. "Wide" formats are widened to fp32 in registers and multiplied by FMA;
// on CPUs where VDPBF16PS starts only every second cycle (Intel model 207: 93 against 185 GFLOP/s)
// that is the faster way to multiply bf16.
enum class GemmMath : uint8_t {
  kF32,       // A fp32, B fp32 [k][width]
  kBf16Wide,  // A fp32, B bf16 in pairs [k/2][width][2]
  kBf16Dot,   // A bf16, B bf16 in pairs [k/2][width][2]: VDPBF16PS
  kF16,       // A fp32, B fp16 [k/2][2][width]: VCVTPH2PS, part of every AVX2 CPU here
  kBf16Amx,   // as kBf16Dot, on tiles: TDPBF16PS; gemm_amx.h
};

// "f32", "bf16wide" and the like: part of the kernels' names.
const char* math_name(GemmMath math) noexcept;

// k in one step of the inner loop; a packed B is padded with zeros to a whole step.
constexpr int gemm_step(GemmMath math) { return math == GemmMath::kF32 ? 1 : 2; }

struct GemmConfig {
  Isa isa;  // kAvx2: 8 floats a vector, else 16
  GemmMath math;
  uint8_t rows;                 // 1 to gemm_max_rows()
  uint8_t vectors;              // columns of the block, in vectors; of all panels together
  Element out = Element::kF32;  // what C is stored as
  uint8_t prefetch_lines = 0;   // cache lines of `next` to prefetch in each k-step
  uint8_t prefetch_far = 0;     // into L2 only: not needed soon
  Epilogue epilogue = {};
  // Neighbouring panels of packed B that are read side by side: for one or two rows, whose single
  // panel is one stream of memory and a chain of few accumulators. gemm_panels() of them at most.
  uint8_t panels = 1;
  uint8_t tail = 0;  // kBf16Amx: k-steps % 16, known when generating; else 0

  bool operator==(const GemmConfig&) const = default;
};

struct GemmArgs {
  const void* a;      // rows `lda` bytes apart
  const void* b;      // k-steps `ldb` bytes apart
  const void* next;   // what is prefetched in the first k-step, then `ldb` bytes on, and so on
  const float* bias;  // one a column, or null
  const float* c_in;  // what the sum starts from, rows `ldc_in` bytes apart; null: zero
  void* c_out;        // rows `ldc_out` bytes apart
  const void* other;  // of the epilogue's combination, rows `ldo` bytes apart
  int64_t lda, ldb, ldc_in, ldc_out, ldo;
  int64_t panel_bytes;  // from a panel of B to the next one, where there are several
  int64_t steps;        // >= 0
  float alpha, beta;    // of a scaled epilogue
};

using GemmKernel = void (*)(const GemmArgs*) noexcept;

// Floats in one vector of that ISA.
constexpr int gemm_lanes(Isa isa) { return isa >= Isa::kAvx512 ? 16 : 8; }

// Columns of a panel of packed B.
constexpr int gemm_panel(Isa isa) { return isa >= Isa::kAvx512 ? 64 : 16; }

// Most rows of a block with that many vectors: what the register file holds beside B and A.
int gemm_max_rows(Isa isa, GemmMath math, int vectors) noexcept;

// Panels to read side by side for so many rows.
constexpr int gemm_panels(Isa isa, GemmMath math, int64_t rows) {
  if (math == GemmMath::kBf16Amx || rows > 2) return 1;
  if (isa >= Isa::kAvx512) return rows == 1 ? 2 : 1;
  return rows == 1 ? 4 : 2;
}

// k-steps of one tile.
constexpr int kTileSteps = 16;

// Every element is summed in the order of k with one accumulator, started from c_in; so neither the
// number of rows nor a split of k into blocks changes a bit of the result.
// Null when the kernel cannot be generated (no executable memory). Thread-safe.
GemmKernel get_gemm(const GemmConfig& config) noexcept;

// The kernel's contract as a name, such as gemm_f32_6x64_avx512_gelu.
std::string gemm_name(const GemmConfig& config);

}  // namespace stoker::jit
