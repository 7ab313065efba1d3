// How Y of a convolution with a larger window is cut into tiles of a few pixels, and which pieces
// of X and of the weight each of them multiplies.
#pragma once

#include <cstdint>

#include "jit/gen/spatial.h"
#include "kernels/conv/conv.h"
#include "kernels/scratch.h"

namespace stoker::kernels::conv {

// X as the kernels read it, and the weight [window][channel][panel]: sizes of one pixel.
struct PixelSize {
  int64_t x_bytes;  // to the next pixel of X
  int64_t steps;    // k-steps of its channels
  int64_t b_bytes;  // of those steps in a panel
};

struct SpatialTile {
  int rows;                          // pixels
  bool in_one_line;                  // all of them
  int64_t pixel[jit::kSpatialRows];  // of an image of Y
  int64_t depth[jit::kSpatialRows];  // where their windows begin in X: may be outside
  int64_t height[jit::kSpatialRows];
  int64_t x_bytes[jit::kSpatialRows];  // from the start of a line of X
  int64_t from, to;                    // the columns of the window that lie in X
};

// Pixels of one tile have the same columns of the window in X: what lies outside is left out, which
// is a sixth of all for 7x7 pixels with a window of 3x3. Lines outside are left out where they are
// it for the whole tile; else zeros are read instead.
class SpatialPlan {
 public:
  SpatialPlan(const ConvProblem& problem, const PixelSize& size)
      : c_(problem), size_(size), height_(problem.out(1)), width_(problem.out(2)) {}

  // False when there is no memory.
  bool make() noexcept;

  int64_t tiles() const noexcept { return tiles_; }                       // of an image
  int64_t lines() const noexcept { return c_.kernel[0] * c_.kernel[1]; }  // of the window
  // At most, of one line of the window.
  int64_t runs_a_line() const noexcept { return c_.dilation[2] == 1 ? 1 : c_.kernel[2]; }
  // Has any tile so many pixels?
  bool has_rows(int rows) const noexcept { return (rows_used_ >> rows & 1) != 0; }
  // Zeros that runs may read in place of a line of X.
  int64_t zero_bytes() const noexcept { return c_.kernel[2] * size_.x_bytes; }

  SpatialTile tile(int64_t number) const noexcept;

  // What lines [first, last) of the window multiply for a tile of the image at `x`, into `runs`;
  // returns how many there are, runs_a_line() a line at most.
  int64_t runs(const SpatialTile& tile, int64_t first, int64_t last, const char* x,
               const char* zeros, jit::SpatialRun* runs) const noexcept;

 private:
  // Neighbouring columns of Y with the same columns of the window in X.
  struct Segment {
    int64_t first, width, from, to;
    int64_t stretch;        // pixels, in the order of lines, that are cut evenly into
    int64_t stretch_tiles;  // tiles
    int64_t tiles;          // of all stretches
  };

  const char* line_at(const char* x, int64_t depth, int64_t height) const noexcept;
  void window_at(int64_t column, int64_t& from, int64_t& to) const noexcept;
  void cut(Segment& segment) noexcept;

  const ConvProblem& c_;
  const PixelSize size_;
  const int64_t height_, width_;  // of Y
  int64_t tiles_ = 0, segments_ = 0;
  uint32_t rows_used_ = 0;
  Scratch memory_;  // of the segments
};

}  // namespace stoker::kernels::conv
