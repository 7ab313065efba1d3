#include "kernels/conv/spatial_plan.h"

#include <algorithm>

#include "kernels/rounding.h"

namespace stoker::kernels::conv {

// Columns [from, to) of the window that lie in X for that column of Y.
void SpatialPlan::window_at(int64_t column, int64_t& from, int64_t& to) const noexcept {
  const int64_t start = column * c_.stride[2] - c_.padding[2], step = c_.dilation[2];
  from = start < 0 ? std::min(c_.kernel[2], ceil_div(-start, step)) : 0;
  to = start < c_.size[2] ? std::min(c_.kernel[2], ceil_div(c_.size[2] - start, step)) : 0;
  to = std::max(from, to);
}

// Tiles that stay in one line of Y can leave lines of the window out. Four pixels of two vectors
// are the fewest that keep both FMA units of AVX2 busy (latency four): lines that do not divide
// into four to six are cut across.
void SpatialPlan::cut(Segment& s) noexcept {
  constexpr int64_t kRows = jit::kSpatialRows;
  const int64_t lines = c_.out(0) * height_;
  const bool by_line = s.width / ceil_div(s.width, kRows) >= 4;
  s.stretch = by_line ? s.width : s.width * lines;
  s.stretch_tiles = ceil_div(s.stretch, kRows);
  s.tiles = s.stretch_tiles * (by_line ? lines : 1);
  tiles_ += s.tiles;
  rows_used_ |= 1u << (s.stretch / s.stretch_tiles) | 1u << ceil_div(s.stretch, s.stretch_tiles);
}

bool SpatialPlan::make() noexcept {
  if (!memory_.reserve(width_ * static_cast<int64_t>(sizeof(Segment)))) return false;
  auto* const segments = memory_.as<Segment>();
  for (int64_t column = 0; column < width_; ++column) {
    int64_t from, to;
    window_at(column, from, to);
    Segment* last = segments_ > 0 ? &segments[segments_ - 1] : nullptr;
    if (last == nullptr || last->from != from || last->to != to) {
      last = &segments[segments_++];
      *last = Segment{column, 0, from, to, 0, 0, 0};
    }
    ++last->width;
  }
  for (int64_t i = 0; i < segments_; ++i) cut(segments[i]);
  return true;
}

SpatialTile SpatialPlan::tile(int64_t number) const noexcept {
  const auto* s = memory_.as<const Segment>();
  while (number >= s->tiles) number -= s++->tiles;
  const int64_t stretch = number / s->stretch_tiles, part = number % s->stretch_tiles;
  const int64_t begin = part * s->stretch / s->stretch_tiles;
  const int64_t end = (part + 1) * s->stretch / s->stretch_tiles;
  SpatialTile tile{};
  tile.rows = static_cast<int>(end - begin);
  tile.from = s->from;
  tile.to = s->to;
  const int64_t first = stretch * s->stretch + begin;
  const int64_t step = c_.stride[2] * size_.x_bytes;
  const int64_t start =
      (s->first * c_.stride[2] - c_.padding[2] + s->from * c_.dilation[2]) * size_.x_bytes;
  int64_t line = first / s->width, column = first % s->width;
  tile.in_one_line = column + tile.rows <= s->width;
  for (int row = 0; row < tile.rows; ++row) {
    if (row == 0 || column == 0) {
      tile.depth[row] = line / height_ * c_.stride[0] - c_.padding[0];
      tile.height[row] = line % height_ * c_.stride[1] - c_.padding[1];
    } else {
      tile.depth[row] = tile.depth[row - 1];
      tile.height[row] = tile.height[row - 1];
    }
    tile.pixel[row] = line * width_ + s->first + column;
    tile.x_bytes[row] = start + column * step;
    if (++column == s->width) column = 0, ++line;
  }
  return tile;
}

// Null outside.
const char* SpatialPlan::line_at(const char* x, int64_t depth, int64_t height) const noexcept {
  if (depth < 0 || depth >= c_.size[0] || height < 0 || height >= c_.size[1]) return nullptr;
  return x + (depth * c_.size[1] + height) * c_.size[2] * size_.x_bytes;
}

int64_t SpatialPlan::runs(const SpatialTile& tile, int64_t first, int64_t last, const char* x,
                          const char* zeros, jit::SpatialRun* runs) const noexcept {
  const int64_t columns = tile.to - tile.from, kernel_width = c_.kernel[2];
  const int64_t pieces = columns == 0 ? 0 : c_.dilation[2] == 1 ? 1 : columns;
  const int64_t steps = columns / std::max<int64_t>(pieces, 1) * size_.steps;
  const int64_t piece_bytes = c_.dilation[2] * size_.x_bytes, b_bytes = size_.b_bytes;
  int64_t count = 0;
  for (int64_t line = first; line < last; ++line) {
    const int64_t dz = line / c_.kernel[1] * c_.dilation[0];
    const int64_t dy = line % c_.kernel[1] * c_.dilation[1];
    const char* under[jit::kSpatialRows];
    bool any = false;
    for (int row = 0; row < (tile.in_one_line ? 1 : tile.rows); ++row) {
      under[row] = line_at(x, tile.depth[row] + dz, tile.height[row] + dy);
      any |= under[row] != nullptr;
    }
    for (int64_t piece = 0; any && piece < pieces; ++piece) {
      jit::SpatialRun& run = runs[count++];
      run.b = (line * kernel_width + tile.from + piece) * b_bytes;
      run.steps = steps;
      if (tile.in_one_line) {  // all six: without a branch
        const char* const at = under[0] + piece * piece_bytes;
        for (int row = 0; row < jit::kSpatialRows; ++row) run.rows[row] = at + tile.x_bytes[row];
        continue;
      }
      for (int row = 0; row < tile.rows; ++row) {
        const char* const at = under[row];
        run.rows[row] = at != nullptr ? at + tile.x_bytes[row] + piece * piece_bytes : zeros;
      }
    }
  }
  return count;
}

}  // namespace stoker::kernels::conv
