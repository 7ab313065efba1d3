// How the rows of a product are cut into blocks, and the kernels of those blocks.
#pragma once

#include <cstdint>

#include "jit/gen/gemm.h"

namespace stoker::kernels::linear {

struct TileRequest {
  jit::Isa isa;
  jit::GemmMath math;
  int panel_vectors;  // vectors in a panel's width
  int panel_lines;    // cache lines in a step of a panel
  jit::Element out;
  jit::Epilogue epilogue;
  int64_t steps;   // of k in all parts
  int64_t rows;    // >= 1
  int panels = 1;  // side by side: jit::gemm_panels() at most
};

// One call of a kernel on a part of a panel, of the calls() that cover it.
struct TileCall {
  int64_t block;
  int64_t number;  // from 0 in the order of execution
};

// `blocks` row blocks; the first `larger` of them have `rows` rows, the others one less.
class Tile {
 public:
  // False when a kernel cannot be generated.
  bool make(const TileRequest& request) noexcept;

  int vectors() const noexcept { return vectors_; }
  int64_t blocks() const noexcept { return blocks_; }
  int64_t total_rows() const noexcept { return blocks_ * (rows_ - 1) + larger_; }
  int rows(int64_t block) const noexcept { return rows_ - (block < larger_ ? 0 : 1); }

  // `final`: writes the result, after the epilogue; else a partial sum in fp32.
  jit::GemmKernel kernel(const TileCall& call, bool final) const noexcept {
    const bool prefetches = steps_ < 4 ? call.number * steps_ < 4
                            : shared_  ? first_line(call.number + 1) > first_line(call.number)
                                       : call.block == 0;
    return kernels_[call.block < larger_ ? 0 : 1][prefetches ? 1 : 0][final ? 1 : 0];
  }

  // What the call should prefetch, of a part of a panel `bytes` long that begins at `part`.
  const char* next(const TileCall& call, const char* part, int64_t bytes) const noexcept;

 private:
  // Calls share the lines of a step evenly; this is the first one of call `number`.
  int64_t first_line(int64_t number) const noexcept { return number * lines_ / calls_; }

  bool wide_ = false, shared_ = false;
  int steps_ = 4;  // of four of k so many prefetch
  int vectors_ = 0, rows_ = 0;
  int64_t blocks_ = 0, larger_ = 0, lines_ = 0, calls_ = 1;
  int64_t pass_bytes_ = 0;  // from the columns of a pass to those of the next one, in a step
  jit::GemmKernel kernels_[2][2][2] = {};  // [smaller][prefetches][final]
};

}  // namespace stoker::kernels::linear
