// Depthwise convolutions, channels last: pixels of one output line for a block of channels.
#pragma once

#include <cstdint>
#include <string>

#include "jit/isa.h"
#include "jit/phases/epilogue.h"

namespace stoker::jit {

// What the code depends on: bytes without gaps, the key of the cache. A tile is `pixels`
// neighbouring pixels of the result by `vectors` vectors of channels. Tap t of its pixel i lies
// over column i * stride + t * dilation of the columns the tile covers; the first `left` and the
// last `right` of these are outside the image, and what lies there is not multiplied.
struct DepthwiseConfig {
  Isa isa;          // kAvx2: 8 channels a vector, else 16
  Element element;  // of X and Y
  uint8_t vectors, pixels;
  uint8_t biased = 0;
  uint8_t ahead = 0;  // fetches what the next line of the result needs; stride <= kMostAhead
  Epilogue epilogue = {};
  uint16_t window;  // taps of a line, 1 to kDepthwiseMost
  uint16_t stride, dilation;
  uint16_t left = 0, right = 0;

  bool operator==(const DepthwiseConfig&) const = default;
};

// Of a window's taps in a line, of its stride and of its dilation: columns are counted in 16 bits.
constexpr int64_t kDepthwiseMost = 64;
// Stride above which nothing is fetched ahead.
constexpr int64_t kMostAhead = 2;

// A line of the image under the window.
struct DepthwiseLine {
  const char* x;    // column 0, channel 0
  int64_t weights;  // bytes from the block's first weight to those of the line's first tap
};

struct DepthwiseArgs {
  const DepthwiseLine* lines;  // in the order in which they are summed
  int64_t count;               // >= 0 of them
  // Where fetched ahead: what a tile takes of the lines that the next line of the result will read,
  // and of that line itself, from one address on. Moved on by the call.
  const char* next_x;
  const char* next_y;
  // Of the first tile and block; all three are changed by the call:
  int64_t x;          // bytes from a line's beginning to the tile's first column inside the image
  char* y;            // the first pixel
  const char* other;  // of the epilogue's combination
  const float* weights;                   // [block][tap][channels of the block]
  const float* bias;                      // biased: one a channel
  int64_t x_pitch, y_pitch, other_pitch;  // bytes from a pixel to the next one
  int64_t block_weights;                  // bytes of them
  int64_t tiles, blocks;                  // >= 1, side by side
};

// Changes its arguments.
using DepthwiseKernel = void (*)(DepthwiseArgs*) noexcept;

struct DepthwiseTile {
  int vectors, pixels;
};

// The tile for windows of so many taps in a line and at least that many channels, which fill a
// vector; more vectors only with more channels.
DepthwiseTile depthwise_tile(Isa isa, int64_t window, int64_t channels) noexcept;

// Every element is summed in the order of its taps with one accumulator, started from the bias.
// Null when the kernel cannot be generated. Thread-safe.
DepthwiseKernel get_depthwise(const DepthwiseConfig& config) noexcept;

// Names are unique among configurations.
std::string depthwise_name(const DepthwiseConfig& config);

}  // namespace stoker::jit
