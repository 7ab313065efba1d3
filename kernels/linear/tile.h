// How the rows of a product are cut into blocks, and the kernels of those blocks.
#pragma once

#include <cstdint>

#include "jit/gen/gemm.h"

namespace stoker::kernels::linear {

struct TileRequest {
  jit::Isa isa;
  jit::GemmMath math;
  int panel_vectors;  // vectors in a panel's width
  bool narrow_out;
  int64_t rows;  // >= 1
};

// `blocks` row blocks; the first `larger` of them have `rows` rows, the others one less.
class Tile {
 public:
  // False when a kernel cannot be generated.
  bool make(const TileRequest& request) noexcept;

  int vectors() const noexcept { return vectors_; }
  int64_t blocks() const noexcept { return blocks_; }
  int rows(int64_t block) const noexcept { return rows_ - (block < larger_ ? 0 : 1); }

  // `final`: writes the result, in its own type; else a partial sum in fp32.
  jit::GemmKernel kernel(int64_t block, bool final) const noexcept {
    const int role = block == 0 ? kFirst : block < larger_ ? kLarger : kSmaller;
    return kernels_[role][final ? 1 : 0];
  }

 private:
  enum Role { kFirst, kLarger, kSmaller, kRoles };

  int vectors_ = 0, rows_ = 0;
  int64_t blocks_ = 0, larger_ = 0;
  jit::GemmKernel kernels_[kRoles][2] = {};
};

}  // namespace stoker::kernels::linear
