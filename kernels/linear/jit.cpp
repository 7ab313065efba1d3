#include "kernels/linear/jit.h"

#include <algorithm>
#include <cstring>

#include "kernels/bfloat16.h"
#include "kernels/element.h"
#include "kernels/linear/panel_bias.h"
#include "kernels/linear/tile.h"
#include "kernels/rounding.h"
#include "kernels/scratch.h"

namespace stoker::kernels::linear {
namespace {

using jit::GemmMath;

constexpr int64_t kConvertedBytes = 8 << 20;      // of X, at a time
constexpr int64_t kMinRows = 56, kMaxRows = 256;  // of X in one task

// X as the kernels read it; stride in bytes.
struct Rows {
  const char* data;
  int64_t stride;
};

class Run {
 public:
  Run(const Product& product, const JitOptions& options)
      : p_(product),
        o_(options),
        lanes_(jit::gemm_lanes(options.isa)),
        steps_(options.layout.steps(product.k)),
        element_(takes_pairs() ? 2 : 4),
        padded_k_(steps_ * jit::gemm_step(options.layout.math)) {
    // A panel's part of k stays in L2 while all row blocks use it.
    const int64_t fit = std::max<int64_t>(64, o_.l2_bytes / 4 / o_.layout.step_bytes());
    parts_ = p_.m <= 2 ? 1 : std::max<int64_t>(1, ceil_div(steps_, fit));  // used once: no parts
    part_steps_ = ceil_div(steps_, parts_);
    if (o_.layout.math != GemmMath::kBf16Amx) return;
    part_steps_ = std::max<int64_t>(jit::kTileSteps, round_up(part_steps_, jit::kTileSteps));
    parts_ = std::max<int64_t>(1, ceil_div(steps_, part_steps_));
  }

  bool run(Parallel parallel) {
    if (p_.m == 0 || p_.n == 0) return true;
    if (!bias_.make(o_.layout, p_.bias, p_.bias_type, p_.n)) return false;
    parallel = parallel.enough_for(p_.m * p_.n * p_.k);
    const int64_t most = rows_at_a_time();
    if (converts() && !converted_.reserve(std::min(most, p_.m) * padded_k_ * element_))
      return false;
    for (int64_t row = 0; row < p_.m; row += most) {
      const int64_t count = std::min(most, p_.m - row);
      if (!run_rows(row, count, prepare_rows(row, count, parallel), parallel)) return false;
    }
    return true;
  }

 private:
  // Do the kernels read X as bf16 pairs?
  bool takes_pairs() const {
    return o_.layout.math == GemmMath::kBf16Dot || o_.layout.math == GemmMath::kBf16Amx;
  }

  // Must X be copied in another type, or padded to whole steps?
  bool converts() const {
    if (o_.layout.math == GemmMath::kF32) return false;
    return !takes_pairs() || p_.x_type == DataType::kFloat32 || p_.k % 2 != 0;
  }

  int64_t rows_at_a_time() const {
    if (!converts()) return p_.m;
    return std::max(kMaxRows, kConvertedBytes / std::max<int64_t>(padded_k_ * element_, 1));
  }

  Rows prepare_rows(int64_t first, int64_t count, const Parallel& parallel) const {
    const int64_t stride = p_.ldx * size_of(p_.x_type), to_stride = padded_k_ * element_;
    const char* from = static_cast<const char*>(p_.x) + first * stride;
    if (!converts()) return {from, stride};
    char* to = converted_.as<char>();
    parallel.for_each_range(count, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) convert_row(from + i * stride, to + i * to_stride);
    });
    return {to, to_stride};
  }

  void convert_row(const char* from, char* to) const {
    std::memset(to + p_.k * element_, 0, static_cast<size_t>((padded_k_ - p_.k) * element_));
    const auto* floats = reinterpret_cast<const float*>(from);
    const bool wide = !takes_pairs();
    if (p_.x_type == DataType::kFloat32) {
      wide ? round_row(floats, reinterpret_cast<float*>(to), p_.k)
           : narrow_row(floats, reinterpret_cast<bf16*>(to), p_.k);
    } else if (wide) {
      widen(p_.x_type, from, reinterpret_cast<float*>(to), p_.k);
    } else {
      std::memcpy(to, from, static_cast<size_t>(p_.k) * 2);
    }
  }

  // Rows of X in one task: their part of k stays in L2 beside the panel; fewer when there are more
  // threads than panels.
  int64_t rows_of_task(int64_t count, int threads) const {
    const int64_t part_bytes = part_steps_ * jit::gemm_step(o_.layout.math) * element_;
    const int64_t fit = o_.l2_bytes / 2 / std::max<int64_t>(part_bytes, 1);
    int64_t splits = ceil_div(count, std::clamp(fit, kMinRows, kMaxRows));
    const int64_t wanted = ceil_div(threads, o_.layout.panels(p_.n));
    splits = std::max(splits, std::min(wanted, ceil_div(count, 8)));
    return ceil_div(count, splits);
  }

  bool run_rows(int64_t first, int64_t count, Rows x, const Parallel& parallel) const {
    const int64_t rows = rows_of_task(count, parallel.threads);
    const int64_t splits = ceil_div(count, rows), width = o_.layout.width;
    // Whole panels that are read side by side, then the others one by one.
    const int64_t side = jit::gemm_panels(o_.isa, o_.layout.math, count);
    const int64_t groups =
        side > 1 && p_.n / width / side >= parallel.threads ? p_.n / width / side : 0;
    const int64_t units = groups + o_.layout.panels(p_.n) - groups * side;
    TileRequest request{.isa = o_.isa,
                        .math = o_.layout.math,
                        .panel_vectors = o_.layout.width / lanes_,
                        .panel_lines = static_cast<int>(o_.layout.step_bytes() / 64),
                        .out = element_of(p_.y_type),
                        .epilogue = p_.epilogue,
                        .steps = steps_,
                        .rows = rows};
    Tile tile;
    if (!tile.make(request)) return false;
    Tile last = tile;
    request.rows = count - (splits - 1) * rows;
    if (request.rows != rows && !last.make(request)) return false;
    Tile group;
    request.panels = static_cast<int>(side);
    if (groups > 0 && !group.make(request)) return false;
    parallel.for_each_range(splits * units, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; ++task) {
        const int64_t split = task / units, row = split * rows, unit = task % units;
        const Rows part{x.data + row * x.stride, x.stride};
        if (unit < groups) {
          run_panels(unit * side, side, first + row, part, group);
        } else {
          run_panels(groups * side + unit - groups, 1, first + row, part,
                     split + 1 == splits ? last : tile);
        }
      }
    });
    return true;
  }

  // Panels of Y: where their results go, and where the other operand's columns are.
  struct Block {
    int64_t panel, columns;
    char* y;
    int64_t y_stride;
    const char* other;
    int64_t other_stride;
    float* sums;  // of the parts of k before the last, [rows][width]
  };

  void run_panels(int64_t panel, int64_t count, int64_t row, Rows x, const Tile& tile) const {
    const int64_t first = panel * o_.layout.width;
    const int64_t columns = std::min<int64_t>(count * o_.layout.width, p_.n - first);
    alignas(64) float sums[kMaxRows * 64];
    Block block{panel,          columns, y_at(row, first), y_stride(), other_at(row, first),
                other_stride(), sums};
    if (columns == count * o_.layout.width) {
      run_parts(block, x, tile);
    } else {
      run_narrow_panel(block, x, tile);
    }
  }

  // The kernels read and write whole panels: of the last one, copies with its width.
  void run_narrow_panel(Block block, Rows x, const Tile& tile) const {
    alignas(64) float others[kMaxRows * 64];
    const Block real = block;
    const int64_t rows = tile.total_rows(), stride = o_.layout.width * 4;
    // Results overwrite the sums they come from: never wider, and read first.
    block.y = reinterpret_cast<char*>(block.sums);
    block.y_stride = stride;
    if (p_.other != nullptr) {
      block.other = reinterpret_cast<char*>(others);
      block.other_stride = stride;
      const size_t bytes =
          static_cast<size_t>(real.columns * jit::element_bytes(p_.epilogue.other));
      std::memset(others, 0, static_cast<size_t>(rows * stride));
      for (int64_t i = 0; i < rows; ++i) {
        std::memcpy(reinterpret_cast<char*>(others) + i * stride,
                    real.other + i * real.other_stride, bytes);
      }
    }
    run_parts(block, x, tile);
    for (int64_t i = 0; i < rows; ++i) {
      std::memcpy(real.y + i * real.y_stride, block.y + i * stride,
                  static_cast<size_t>(real.columns * size_of(p_.y_type)));
    }
  }

  void run_parts(const Block& block, Rows x, const Tile& tile) const {
    for (int64_t part = 0; part < parts_; ++part) run_part(block, part, x, tile);
  }

  char* y_at(int64_t row, int64_t column) const {
    return static_cast<char*>(p_.y) + (row * p_.ldy + column) * size_of(p_.y_type);
  }
  int64_t y_stride() const { return p_.ldy * size_of(p_.y_type); }

  const char* other_at(int64_t row, int64_t column) const {
    if (p_.other == nullptr) return nullptr;
    return static_cast<const char*>(p_.other) +
           (row * p_.ldo + column) * jit::element_bytes(p_.epilogue.other);
  }
  int64_t other_stride() const { return p_.ldo * jit::element_bytes(p_.epilogue.other); }

  void run_part(const Block& block, int64_t part, Rows x, const Tile& tile) const {
    const int64_t width = o_.layout.width, step = part * part_steps_;
    const bool final = part + 1 == parts_;
    const char* b = static_cast<const char*>(p_.packed) +
                    block.panel * o_.layout.panel_bytes(p_.k) + step * o_.layout.step_bytes();
    const float* bias = final ? bias_.at(block.panel * width) : nullptr;
    const float* sums = part > 0 ? block.sums : nullptr;
    const int64_t out_size = final ? size_of(p_.y_type) : 4;
    const int64_t other_size = jit::element_bytes(p_.epilogue.other);
    jit::GemmArgs args{};
    args.lda = x.stride;
    args.ldb = o_.layout.step_bytes();
    args.ldc_in = width * 4;
    args.ldc_out = final ? block.y_stride : width * 4;
    args.ldo = block.other_stride;
    args.panel_bytes = o_.layout.panel_bytes(p_.k);
    args.steps = std::min(part_steps_, steps_ - step);
    args.alpha = p_.alpha;
    args.beta = p_.beta;
    char* const out = final ? block.y : reinterpret_cast<char*>(block.sums);
    const char* const a = x.data + step * jit::gemm_step(o_.layout.math) * element_;
    TileCall call{};
    for (int64_t column = 0; column < block.columns; column += tile.vectors() * lanes_) {
      int64_t row = 0;
      for (call.block = 0; call.block < tile.blocks(); ++call.block) {
        args.a = a + row * x.stride;
        args.b = b + column * o_.layout.column_bytes();
        args.next = tile.next(call, b, args.steps * args.ldb);
        args.bias = bias != nullptr ? bias + column : nullptr;
        args.c_in = sums != nullptr ? sums + row * width + column : nullptr;
        args.c_out = out + row * args.ldc_out + column * out_size;
        args.other = block.other + row * block.other_stride + column * other_size;
        tile.kernel(call, final)(&args);
        row += tile.rows(call.block);
        ++call.number;
      }
    }
  }

  const Product& p_;
  const JitOptions& o_;
  const int lanes_;
  const int64_t steps_;     // of k, in the layout
  const int64_t element_;   // bytes of an element of X as the kernels read it
  const int64_t padded_k_;  // elements of a row of X as the kernels read it
  int64_t parts_, part_steps_;
  PanelBias bias_;
  Scratch converted_;
};

}  // namespace

bool run_jit(const Product& product, const JitOptions& options, const Parallel& parallel) noexcept {
  return Run(product, options).run(parallel);
}

}  // namespace stoker::kernels::linear
