#include "kernels/linear/tile.h"

#include <algorithm>

#include "jit/gen/gemm_amx.h"
#include "kernels/rounding.h"

namespace stoker::kernels::linear {
namespace {

using jit::GemmMath;

// One block of rows: each line it loads is fetched into L1 a fixed distance (bytes) ahead. Few rows
// compute little between two lines, so a near one suffices.
constexpr int64_t kWideDistance = 4096, kTallDistance = 8192;

jit::GemmKernel get_kernel(const jit::GemmConfig& config) noexcept {
  return config.math == GemmMath::kBf16Amx ? jit::get_gemm_amx(config) : jit::get_gemm(config);
}

}  // namespace

bool Tile::make(const TileRequest& r) noexcept {
  // Wide blocks for few rows: each broadcast of X serves a whole panel. Tall ones for many: each
  // load of W serves up to 14 rows.
  wide_ = r.rows <= jit::gemm_max_rows(r.isa, r.math, r.panel_vectors);
  vectors_ = wide_ ? r.panel_vectors : std::min(r.panel_vectors, 2);
  const int64_t most = r.panels > 1 ? r.rows : jit::gemm_max_rows(r.isa, r.math, vectors_);
  blocks_ = ceil_div(r.rows, most);
  rows_ = static_cast<int>(ceil_div(r.rows, blocks_));
  larger_ = r.rows - blocks_ * (rows_ - 1);
  lines_ = r.panel_lines;
  const int passes = r.panel_vectors / vectors_;
  calls_ = blocks_ * passes;
  pass_bytes_ = vectors_ * jit::gemm_lanes(r.isa) * (r.math == GemmMath::kF16 ? 2 : 4);
  shared_ = blocks_ > 1 && r.math != GemmMath::kF32;
  if (lines_ == 1 && blocks_ > 1) steps_ = calls_ >= 4 ? 1 : 2;
  const int64_t lines = shared_ ? std::max<int64_t>(1, lines_ / calls_) : lines_ / passes;
  vectors_ *= r.panels;
  for (int smaller = 0; smaller < (larger_ < blocks_ ? 2 : 1); ++smaller) {
    for (int prefetches = 0; prefetches < 2; ++prefetches) {
      jit::GemmConfig config{.isa = r.isa,
                             .math = r.math,
                             .rows = static_cast<uint8_t>(rows_ - smaller),
                             .vectors = static_cast<uint8_t>(vectors_),
                             .prefetch_lines = static_cast<uint8_t>(prefetches ? lines : 0),
                             .prefetch_far = prefetches && (shared_ || steps_ < 4),
                             .prefetch_steps = static_cast<uint8_t>(prefetches ? steps_ : 4),
                             .panels = static_cast<uint8_t>(r.panels)};
      auto& [partial, final] = kernels_[smaller][prefetches];
      partial = get_kernel(config);
      config.out = r.out;
      config.epilogue = r.epilogue;
      // Parts before the last are whole tiles.
      if (r.math == GemmMath::kBf16Amx) config.tail = r.steps % jit::kTileSteps;
      final = get_kernel(config);
      if (partial == nullptr || final == nullptr) return false;
    }
  }
  return true;
}

// With several blocks of rows the first waits for memory and the others compute from the cache.
// 16-bit panels gain when all of them bring, in equal shares, the part that follows in memory: 8 %
// at M = 16, 4 % at 24..32 on Intel model 207. fp32 lost up to 13 % by it (M = 16, K = 3072), and
// so did a single block (M = 7..14). Parts that fit into L1 lost 2-5 % there.
// A step of AVX2's narrow panels is one line, so the first calls share the steps. On Zen 3, 768x768
// to 768x3072, fp32 gained 1.05-1.45x by it at M = 8..32 and 1.01-1.1x at 64..128, bf16 0.93-1.2x.
const char* Tile::next(const TileCall& call, const char* part, int64_t bytes) const noexcept {
  if (steps_ < 4) return part + bytes + call.number * steps_ * (bytes / 4 / 64 * 64);
  if (shared_) return part + bytes + first_line(call.number) * 64;
  const int64_t pass = call.number / blocks_;
  return part + pass * pass_bytes_ + (wide_ ? kWideDistance : kTallDistance);
}

}  // namespace stoker::kernels::linear
