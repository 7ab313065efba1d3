// What row blocks prefetch of a packed weight.
#include "kernels/linear/tile.h"

#include <gtest/gtest.h>

#include "kernels/linear/pack.h"

namespace stoker::kernels::linear {
namespace {

using jit::GemmMath;
using jit::Isa;

// Seven to fourteen rows on AVX-512: one block, which goes over a panel in two passes.
TEST(Tile, EveryPassPrefetchesTheColumnsItWillLoad) {
  for (const GemmMath math :
       {GemmMath::kF32, GemmMath::kBf16Wide, GemmMath::kBf16Dot, GemmMath::kF16}) {
    const Isa isa = Isa::kAvx512Bf16;
    const Layout layout = Layout::of(isa, math);
    Tile tile;
    ASSERT_TRUE(tile.make({.isa = isa,
                           .math = math,
                           .panel_vectors = layout.width / jit::gemm_lanes(isa),
                           .panel_lines = static_cast<int>(layout.step_bytes() / 64),
                           .out = jit::Element::kF32,
                           .epilogue = {},
                           .steps = 512,
                           .rows = 8}));
    ASSERT_EQ(tile.blocks(), 1);
    ASSERT_EQ(tile.vectors(), 2);
    const char part[1] = {};
    const auto next = [&](int64_t pass) {
      return tile.next({.block = 0, .number = pass}, part, 512 * layout.step_bytes());
    };
    const int64_t columns = tile.vectors() * jit::gemm_lanes(isa);
    EXPECT_EQ(next(1) - next(0), columns * layout.column_bytes()) << jit::math_name(math);
  }
}

}  // namespace
}  // namespace stoker::kernels::linear
