// How the rows of a unit of work are cut into blocks, and the kernels of those blocks.
#pragma once

#include <cstdint>

#include "jit/gen/gemm.h"
#include "kernels/rounding.h"

namespace stoker::kernels::matmul {

// `count` row blocks; the first `larger` of them have `rows` rows, the others one less.
class Blocks {
 public:
  // `final`: the kernels of the last part of k, but for their rows. False when one cannot be
  // generated.
  bool make(jit::GemmConfig final, int64_t rows) noexcept {
    const int most = jit::gemm_max_rows(final.isa, final.math, final.vectors);
    count_ = ceil_div(rows, most);
    rows_ = ceil_div(rows, count_);
    larger_ = rows - count_ * (rows_ - 1);
    for (int smaller = 0; smaller < (larger_ < count_ ? 2 : 1); ++smaller) {
      final.rows = static_cast<uint8_t>(rows_ - smaller);
      jit::GemmConfig partial = final;
      partial.out = jit::Element::kF32;
      partial.epilogue = {};
      kernels_[smaller][0] = jit::get_gemm(partial);
      kernels_[smaller][1] = jit::get_gemm(final);
      if (!kernels_[smaller][0] || !kernels_[smaller][1]) return false;
    }
    return true;
  }

  int64_t count() const noexcept { return count_; }
  int64_t rows(int64_t block) const noexcept { return rows_ - (block < larger_ ? 0 : 1); }
  // `final`: writes the result, after the epilogue; else sums in fp32.
  jit::GemmKernel kernel(int64_t block, bool final) const noexcept {
    return kernels_[block < larger_ ? 0 : 1][final ? 1 : 0];
  }

 private:
  int64_t count_ = 0, rows_ = 0, larger_ = 0;
  jit::GemmKernel kernels_[2][2] = {};  // [smaller][final]
};

}  // namespace stoker::kernels::matmul
