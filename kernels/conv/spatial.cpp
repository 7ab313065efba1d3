#include "kernels/conv/spatial.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "jit/gen/spatial.h"
#include "kernels/bfloat16.h"
#include "kernels/conv/spatial_plan.h"
#include "kernels/conv/turn.h"
#include "kernels/element.h"
#include "kernels/linear/panel_bias.h"
#include "kernels/rounding.h"
#include "kernels/scratch.h"

namespace stoker::kernels::conv {
namespace {

using jit::GemmMath;
using jit::kSpatialRows;

constexpr int64_t kConvertedBytes = 8 << 20;  // of X, at a time
// Tiles that share a pass over the weights, and the most their runs may take: both stay in L1.
constexpr int64_t kBlockTiles = 64, kRunBytes = 64 << 10;
// Calls that bring the part of the weight that comes next into L2, in equal shares.
constexpr int64_t kPrefetchingCalls = 4;
constexpr int64_t kMostColumns = 64;  // of a panel

// Rows of a tile: where they begin in Y and in the other operand.
struct TileRows {
  int count;
  char* y[kSpatialRows];
  const char* other[kSpatialRows];
};

// Tiles of images that go through the weight together, in memory of their thread.
struct Block {
  int64_t tiles;
  TileRows* rows;
  jit::SpatialRun* runs;  // slots for every line of the window, tile by tile
  int32_t* counts;        // of runs that are used, [tile][part]
  float* sums;            // of the parts before the last, [tile][kSpatialRows][width]
};

class Run {
 public:
  Run(const ConvProblem& problem, const Operands& operands, const Finish& finish,
      const JitOptions& options)
      : c_(problem),
        p_(operands),
        finish_(finish),
        o_(options),
        layout_(linear::Layout::of(options.isa, options.math)),
        channels_(padded_channels(problem, options.math)),
        steps_(channels_ / jit::gemm_step(options.math)),
        plan_(problem, {channels_ * 4, steps_, steps_ * layout_.step_bytes()}),
        panels_(layout_.panels(problem.outputs)),
        pixels_(problem.pixels()) {
    // A panel's part of k stays in L2 while all tiles of a block use it.
    const int64_t fit = std::max<int64_t>(64, o_.l2_bytes / 4 / layout_.step_bytes());
    const int64_t fitting = std::max<int64_t>(1, fit / std::max<int64_t>(1, c_.kernel[2] * steps_));
    parts_ = ceil_div(plan_.lines(), std::min(fitting, plan_.lines()));
    prefetches_ = layout_.bytes(c_.outputs, c_.taps() * channels_) > o_.l2_bytes / 2;
  }

  bool run(const Parallel& parallel) {
    if (c_.images == 0 || c_.outputs == 0 || c_.pixels() <= 0) return true;
    const bool ready = plan_.make() && prepare_kernels() && prepare_zeros() &&
                       bias_.make(layout_, p_.bias, p_.bias_type, c_.outputs);
    if (!ready) return false;
    const int64_t image_macs = c_.pixels() * c_.outputs * c_.channels * c_.taps();
    const int64_t most = images_at_a_time();
    if (converts() && !converted_.reserve(most * image_bytes())) return false;
    for (int64_t first = 0; first < c_.images; first += most) {
      const int64_t count = std::min(most, c_.images - first);
      const Parallel enough = parallel.enough_for(count * image_macs);
      if (!multiply(first, count, prepare_images(first, count, enough), enough)) return false;
    }
    return true;
  }

 private:
  int64_t image_bytes() const { return c_.input_pixels() * channels_ * 4; }  // as kernels read it
  bool converts() const { return o_.math != GemmMath::kF32; }
  int64_t images_at_a_time() const {
    if (!converts()) return c_.images;
    return std::clamp<int64_t>(kConvertedBytes / std::max<int64_t>(image_bytes(), 1), 1, c_.images);
  }

  int vectors_of(int64_t columns) const {
    const int lanes = jit::gemm_lanes(o_.isa);
    return static_cast<int>(std::min<int64_t>(layout_.width, round_up(columns, lanes))) / lanes;
  }
  // Columns of Y in that panel: fewer than its width in the last one.
  int64_t columns_of(int64_t panel) const {
    return std::min<int64_t>(layout_.width, c_.outputs - panel * layout_.width);
  }

  bool prepare_kernels() {
    for (int rows = 1; rows <= kSpatialRows; ++rows) {
      if (!plan_.has_rows(rows)) continue;
      for (const bool last : {false, true}) {
        for (const bool fetch : {false, true}) {
          for (const bool final : {false, true}) {
            const bool needed = (final || parts_ > 1) && (!fetch || prefetches_);
            if (needed && !prepare_kernel(rows, last, fetch, final)) return false;
          }
        }
      }
    }
    return true;
  }

  bool prepare_kernel(int rows, bool last, bool fetch, bool final) {
    jit::SpatialConfig config{
        .isa = o_.isa,
        .math = o_.math,
        .rows = static_cast<uint8_t>(rows),
        .vectors = static_cast<uint8_t>(vectors_of(columns_of(last ? panels_ - 1 : 0))),
        .prefetch_lines = static_cast<uint8_t>(fetch ? layout_.step_bytes() / 64 : 0)};
    if (final) {
      config.out = element_of(c_.output);
      config.epilogue = finish_.epilogue;
    }
    const jit::SpatialKernel kernel = jit::get_spatial(config);
    kernels_[rows][last ? 1 : 0][fetch ? 1 : 0][final ? 1 : 0] = kernel;
    return kernel != nullptr;
  }

  bool prepare_zeros() {
    if (!zeros_.reserve(plan_.zero_bytes())) return false;
    std::memset(zeros_.as<char>(), 0, static_cast<size_t>(plan_.zero_bytes()));
    return true;
  }

  // X as the kernels read it: fp32, with padded_channels().
  const char* prepare_images(int64_t first, int64_t count, const Parallel& parallel) const {
    const int64_t pixel_bytes = c_.channels * size_of(c_.input);
    const char* from = static_cast<const char*>(p_.x) + first * c_.input_pixels() * pixel_bytes;
    if (!converts()) return from;
    float* const to = converted_.as<float>();
    parallel.for_each_range(count * c_.input_pixels(), [&](int64_t begin, int64_t end) {
      const bool whole = channels_ == c_.channels;
      const int64_t piece = whole ? (end - begin) * channels_ : c_.channels;
      for (int64_t i = begin; i < end; i += whole ? end - begin : 1) {
        float* const pixel = to + i * channels_;
        if (c_.input == DataType::kFloat32) {
          round_row(reinterpret_cast<const float*>(from + i * pixel_bytes), pixel, piece);
        } else {
          widen(c_.input, from + i * pixel_bytes, pixel, piece);
        }
        if (!whole) pixel[c_.channels] = 0;
      }
    });
    return reinterpret_cast<const char*>(to);
  }

  int64_t slots() const { return plan_.lines() * plan_.runs_a_line(); }  // for runs, of a tile

  // Images [first, first + count), of which `x` is the first.
  bool multiply(int64_t first, int64_t count, const char* x, const Parallel& parallel) const {
    const int64_t tiles = count * plan_.tiles();
    const int64_t run_bytes = slots() * static_cast<int64_t>(sizeof(jit::SpatialRun));
    const int64_t most = std::clamp<int64_t>(kRunBytes / run_bytes, 8, kBlockTiles);
    int64_t blocks = ceil_div(tiles, most), groups = 1;
    if (blocks >= parallel.threads) {
      blocks = std::min(tiles, round_up(blocks, parallel.threads));
    } else {
      groups = std::min(panels_, ceil_div(parallel.threads, blocks));
    }
    std::atomic<bool> done{true};
    parallel.for_each_range(blocks * groups, [&](int64_t begin, int64_t end) {
      Scratch memory;
      Block block{};
      if (!reserve(memory, block, ceil_div(tiles, blocks))) {
        done = false;
        return;
      }
      int64_t built = -1;
      for (int64_t task = begin; task < end; ++task) {
        const int64_t number = task / groups, group = task % groups;
        if (number != built) {
          build(block, number * tiles / blocks, (number + 1) * tiles / blocks, first, x);
          built = number;
        }
        for (int64_t panel = group * panels_ / groups; panel < (group + 1) * panels_ / groups;
             ++panel) {
          for (int64_t part = 0; part < parts_; ++part) run_part(block, panel, part);
        }
      }
    });
    return done;
  }

  bool reserve(Scratch& memory, Block& block, int64_t tiles) const {
    const int64_t runs = tiles * slots() * static_cast<int64_t>(sizeof(jit::SpatialRun));
    const int64_t sums = parts_ > 1 ? tiles * kSpatialRows * layout_.width * 4 : 0;
    const int64_t rows = round_up(tiles * static_cast<int64_t>(sizeof(TileRows)), 64);
    if (!memory.reserve(runs + sums + rows + tiles * parts_ * 4)) return false;
    char* at = memory.as<char>();
    block.runs = reinterpret_cast<jit::SpatialRun*>(at);
    block.sums = reinterpret_cast<float*>(at += runs);
    block.rows = reinterpret_cast<TileRows*>(at += sums);
    block.counts = reinterpret_cast<int32_t*>(at + rows);
    return true;
  }

  int64_t first_line(int64_t part) const { return part * plan_.lines() / parts_; }

  // Tiles [begin, end) of the images from `first` on, of which `x` is the first.
  void build(Block& block, int64_t begin, int64_t end, int64_t first, const char* x) const {
    block.tiles = end - begin;
    for (int64_t i = 0; i < block.tiles; ++i) {
      const int64_t image = (begin + i) / plan_.tiles();
      const SpatialTile tile = plan_.tile((begin + i) % plan_.tiles());
      block.rows[i] = rows_of(tile, first + image);
      for (int64_t part = 0; part < parts_; ++part) {
        const int64_t line = first_line(part);
        block.counts[i * parts_ + part] = static_cast<int32_t>(plan_.runs(
            tile, line, first_line(part + 1), x + image * image_bytes(), zeros_.as<const char>(),
            block.runs + i * slots() + line * plan_.runs_a_line()));
      }
    }
  }

  TileRows rows_of(const SpatialTile& tile, int64_t image) const {
    const int64_t y_bytes = c_.outputs * size_of(c_.output);
    const int64_t other_bytes = c_.outputs * jit::element_bytes(finish_.epilogue.other);
    TileRows rows;
    rows.count = tile.rows;
    for (int row = 0; row < tile.rows; ++row) {
      const int64_t pixel = image * pixels_ + tile.pixel[row];
      rows.y[row] = static_cast<char*>(p_.y) + pixel * y_bytes;
      if (finish_.other == nullptr) continue;
      rows.other[row] = static_cast<const char*>(finish_.other) + pixel * other_bytes;
    }
    return rows;
  }

  void run_part(const Block& block, int64_t panel, int64_t part) const {
    const int64_t width = layout_.width, line_bytes = c_.kernel[2] * steps_ * layout_.step_bytes();
    const char* const b = static_cast<const char*>(p_.w) + panel * plan_.lines() * line_bytes;
    const char* const next = b + first_line(part + 1) * line_bytes;
    const int64_t share = ceil_div(next - b - first_line(part) * line_bytes, kPrefetchingCalls);
    const bool final = part + 1 == parts_;
    jit::SpatialArgs args{};
    args.b = b;
    const int64_t columns = columns_of(panel);
    const int64_t whole = vectors_of(columns) * jit::gemm_lanes(o_.isa);
    if (final) {
      args.out_at = panel * width * size_of(c_.output);
      args.other_at = panel * width * jit::element_bytes(finish_.epilogue.other);
    }
    args.bias = final ? bias_.at(panel * width) : nullptr;
    for (int64_t i = 0; i < block.tiles; ++i) {
      const bool fetch = prefetches_ && i < kPrefetchingCalls;
      float* const sums = block.sums + i * kSpatialRows * width;
      const TileRows& rows = block.rows[i];
      args.runs = block.runs + i * slots() + first_line(part) * plan_.runs_a_line();
      args.count = block.counts[i * parts_ + part];
      args.next = next + i * share / 64 * 64;
      args.c_in = part > 0 ? sums : nullptr;
      const jit::SpatialKernel kernel =
          kernels_[rows.count][panel + 1 == panels_ ? 1 : 0][fetch ? 1 : 0][final ? 1 : 0];
      if (!final) {
        sum_tile(rows.count, sums, args, kernel);
      } else if (columns == whole) {
        args.out = rows.y;
        args.other = rows.other;
        kernel(&args);
      } else {
        finish_narrow(rows, columns, args, kernel);
      }
    }
  }

  void sum_tile(int rows, float* sums, jit::SpatialArgs& args, jit::SpatialKernel kernel) const {
    char* out[kSpatialRows];
    for (int row = 0; row < rows; ++row) {
      out[row] = reinterpret_cast<char*>(sums + row * layout_.width);
    }
    args.out = out;
    kernel(&args);
  }

  // The kernels read and write whole vectors: where Y has fewer columns, copies of them.
  void finish_narrow(const TileRows& rows, int64_t columns, jit::SpatialArgs args,
                     jit::SpatialKernel kernel) const {
    const auto bytes = static_cast<size_t>(columns * size_of(c_.output));
    const auto other_bytes =
        static_cast<size_t>(columns * jit::element_bytes(finish_.epilogue.other));
    alignas(64) float results[kSpatialRows][kMostColumns];
    alignas(64) float others[kSpatialRows][kMostColumns] = {};
    char* out[kSpatialRows];
    const char* other[kSpatialRows];
    for (int row = 0; row < rows.count; ++row) {
      out[row] = reinterpret_cast<char*>(results[row]);
      other[row] = reinterpret_cast<const char*>(others[row]);
      if (finish_.other == nullptr) continue;
      std::memcpy(others[row], rows.other[row] + args.other_at, other_bytes);
    }
    const int64_t at = std::exchange(args.out_at, 0);
    args.other_at = 0;
    args.out = out;
    args.other = other;
    kernel(&args);
    for (int row = 0; row < rows.count; ++row) {
      std::memcpy(rows.y[row] + at, results[row], bytes);
    }
  }

  const ConvProblem& c_;
  const Operands& p_;
  const Finish& finish_;
  const JitOptions& o_;
  const linear::Layout layout_;
  const int64_t channels_, steps_;  // of a pixel, as they are packed
  SpatialPlan plan_;
  const int64_t panels_, pixels_;  // of Y
  int64_t parts_;                  // of the lines of the window
  bool prefetches_;                // is the weight more than what stays in L2?
  jit::SpatialKernel kernels_[kSpatialRows + 1][2][2][2] = {};  // [rows][last panel][fetch][final]
  linear::PanelBias bias_;
  Scratch zeros_, converted_;
};

}  // namespace

int64_t padded_channels(const ConvProblem& problem, jit::GemmMath math) noexcept {
  return round_up(problem.channels, jit::gemm_step(math));
}

bool run_spatial(const ConvProblem& problem, const Operands& operands, const Finish& finish,
                 const JitOptions& options, const Parallel& parallel) noexcept {
  if (problem.in_rows()) return Run(problem, operands, finish, options).run(parallel);
  return run_turned(problem, operands, parallel, [&](const ConvProblem& c, const Operands& p) {
    return Run(c, p, finish, options).run(parallel);
  });
}

}  // namespace stoker::kernels::conv
