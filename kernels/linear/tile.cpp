#include "kernels/linear/tile.h"

#include <algorithm>

namespace stoker::kernels::linear {
namespace {

// The first row block brings the panel from memory; the others find it in the cache. Distances in
// bytes: few rows compute little between two lines, so a near one suffices.
constexpr uint16_t kWidePrefetch = 4096;
constexpr uint16_t kTallPrefetch = 8192;

}  // namespace

bool Tile::make(const TileRequest& r) noexcept {
  // Wide blocks for few rows: each broadcast of X serves a whole panel. Tall ones for many: each
  // load of W serves up to 14 rows, and two half panels wait for memory in turn.
  const bool wide = r.rows <= jit::gemm_max_rows(r.isa, r.math, r.panel_vectors);
  vectors_ = wide ? r.panel_vectors : std::min(r.panel_vectors, 2);
  const int most = jit::gemm_max_rows(r.isa, r.math, vectors_);
  blocks_ = (r.rows + most - 1) / most;
  rows_ = static_cast<int>((r.rows + blocks_ - 1) / blocks_);
  larger_ = r.rows - blocks_ * (rows_ - 1);
  for (int role = kFirst; role < kRoles; ++role) {
    if ((role == kLarger && larger_ < 2) || (role == kSmaller && larger_ == blocks_)) continue;
    jit::GemmConfig config{r.isa,
                           r.math,
                           static_cast<uint8_t>(role == kSmaller ? rows_ - 1 : rows_),
                           static_cast<uint8_t>(vectors_),
                           false,
                           role != kFirst ? uint16_t{0}
                           : wide         ? kWidePrefetch
                                          : kTallPrefetch};
    auto& [partial, final] = kernels_[role];
    final = partial = jit::get_gemm(config);
    if (r.narrow_out) {
      config.narrow_out = true;
      final = jit::get_gemm(config);
    }
    if (partial == nullptr || final == nullptr) return false;
  }
  return true;
}

}  // namespace stoker::kernels::linear
