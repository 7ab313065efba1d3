#include "kernels/linear/jit.h"

#include <algorithm>
#include <cstring>

#include "kernels/bfloat16.h"
#include "kernels/float16.h"
#include "kernels/linear/tile.h"
#include "kernels/scratch.h"

namespace stoker::kernels::linear {
namespace {

using jit::GemmMath;

constexpr int64_t kConvertedBytes = 8 << 20;      // of X, at a time
constexpr int64_t kMinRows = 56, kMaxRows = 256;  // of X in one task
// A thread with fewer multiplications than this (about 5 us) costs more to wake than it saves.
constexpr int64_t kMacsPerThread = 1 << 19;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t size_of(DataType type) { return type == DataType::kFloat32 ? 4 : 2; }

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
        element_(options.layout.math == GemmMath::kBf16Dot ? 2 : 4),
        padded_k_(steps_ * jit::gemm_step(options.layout.math)) {
    // A panel's part of k stays in L2 while all row blocks use it.
    const int64_t fit = std::max<int64_t>(64, o_.l2_bytes / 4 / o_.layout.step_bytes());
    parts_ = std::max<int64_t>(1, ceil_div(steps_, fit));
    part_steps_ = ceil_div(steps_, parts_);
  }

  bool run(Parallel parallel) {
    if (p_.m == 0 || p_.n == 0) return true;
    if (!prepare_bias()) return false;
    const int64_t macs = p_.m * p_.n * p_.k;
    parallel.threads =
        static_cast<int>(std::min<int64_t>(parallel.threads, 1 + macs / kMacsPerThread));
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
  // Must X be copied in another type, or padded to whole steps?
  bool converts() const {
    if (o_.layout.math == GemmMath::kF32) return false;
    return o_.layout.math != GemmMath::kBf16Dot || p_.x_type == DataType::kFloat32 || p_.k % 2 != 0;
  }

  int64_t rows_at_a_time() const {
    if (!converts()) return p_.m;
    return std::max(kMaxRows, kConvertedBytes / std::max<int64_t>(padded_k_ * element_, 1));
  }

  // fp32, and padded to whole panels because the kernels read whole vectors.
  bool prepare_bias() {
    const int64_t padded = o_.layout.panels(p_.n) * o_.layout.width;
    if (p_.bias == nullptr || (p_.bias_type == DataType::kFloat32 && padded == p_.n)) {
      bias_ = static_cast<const float*>(p_.bias);
      return true;
    }
    if (!bias_memory_.reserve(padded * 4)) return false;
    float* to = bias_memory_.as<float>();
    if (p_.bias_type == DataType::kFloat32) {
      std::memcpy(to, p_.bias, static_cast<size_t>(p_.n) * 4);
    } else {
      widen(p_.bias_type, p_.bias, to, p_.n);
    }
    std::fill(to + p_.n, to + padded, 0.0f);
    bias_ = to;
    return true;
  }

  Rows prepare_rows(int64_t first, int64_t count, const Parallel& parallel) const {
    const int64_t stride = p_.k * size_of(p_.x_type), to_stride = padded_k_ * element_;
    const char* from = static_cast<const char*>(p_.x) + first * stride;
    if (!converts()) return {from, stride};
    char* to = converted_.as<char>();
    parallel.for_each_range(count, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) convert_row(from + i * stride, to + i * to_stride);
    });
    return {to, to_stride};
  }

  static void widen(DataType type, const void* from, float* to, int64_t count) {
    if (type == DataType::kFloat16) {
      widen_f16_row(static_cast<const f16*>(from), to, count);
    } else {
      widen_row(static_cast<const bf16*>(from), to, count);
    }
  }

  void convert_row(const char* from, char* to) const {
    std::memset(to + p_.k * element_, 0, static_cast<size_t>((padded_k_ - p_.k) * element_));
    const auto* floats = reinterpret_cast<const float*>(from);
    const bool wide = o_.layout.math != GemmMath::kBf16Dot;
    if (p_.x_type == DataType::kFloat32) {
      wide ? round_row(floats, reinterpret_cast<float*>(to), p_.k)
           : narrow_row(floats, reinterpret_cast<bf16*>(to), p_.k);
    } else if (wide) {
      widen(p_.x_type, from, reinterpret_cast<float*>(to), p_.k);
    } else {
      std::memcpy(to, from, static_cast<size_t>(p_.k) * 2);
    }
  }

  // Do the kernels store Y in its own 16-bit type?
  bool stores_narrow() const {
    return p_.y_type == DataType::kFloat16 ||
           (p_.y_type == DataType::kBFloat16 && o_.isa >= jit::Isa::kAvx512Bf16);
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
    const int64_t splits = ceil_div(count, rows), panels = o_.layout.panels(p_.n);
    TileRequest request{.isa = o_.isa,
                        .math = o_.layout.math,
                        .panel_vectors = o_.layout.width / lanes_,
                        .panel_lines = static_cast<int>(o_.layout.step_bytes() / 64),
                        .narrow_out = stores_narrow(),
                        .rows = rows};
    Tile tile;
    if (!tile.make(request)) return false;
    Tile last = tile;
    request.rows = count - (splits - 1) * rows;
    if (request.rows != rows && !last.make(request)) return false;
    parallel.for_each_range(splits * panels, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; ++task) {
        const int64_t split = task / panels, row = split * rows;
        const Rows part{x.data + row * x.stride, x.stride};
        run_panel(task % panels, first + row, part, split + 1 == splits ? last : tile);
      }
    });
    return true;
  }

  void run_panel(int64_t panel, int64_t row, Rows x, const Tile& tile) const {
    const int64_t columns = std::min<int64_t>(o_.layout.width, p_.n - panel * o_.layout.width);
    const bool whole =
        columns == o_.layout.width && (p_.y_type == DataType::kFloat32 || stores_narrow());
    if (whole && parts_ == 1) {
      run_part(panel, 0, columns, x, tile, nullptr, y_at(row, panel), y_stride(), true);
      return;
    }
    alignas(64) float sums[kMaxRows * 64];
    const int64_t stride = o_.layout.width * 4;
    for (int64_t part = 0; part < parts_; ++part) {
      const float* from = part == 0 ? nullptr : sums;
      if (part + 1 == parts_ && whole) {
        run_part(panel, part, columns, x, tile, from, y_at(row, panel), y_stride(), true);
      } else {
        run_part(panel, part, columns, x, tile, from, reinterpret_cast<char*>(sums), stride, false);
      }
    }
    if (!whole) copy_out(panel, row, tile, columns, sums);
  }

  char* y_at(int64_t row, int64_t panel) const {
    const int64_t element = row * p_.n + panel * o_.layout.width;
    return static_cast<char*>(p_.y) + element * size_of(p_.y_type);
  }
  int64_t y_stride() const { return p_.n * size_of(p_.y_type); }

  void run_part(int64_t panel, int64_t part, int64_t columns, Rows x, const Tile& tile,
                const float* c_in, char* c_out, int64_t ldc_out, bool final) const {
    const int64_t step = part * part_steps_;
    const int64_t x_step = jit::gemm_step(o_.layout.math) * element_;
    const char* b = static_cast<const char*>(p_.packed) + panel * o_.layout.panel_bytes(p_.k) +
                    step * o_.layout.step_bytes();
    const int64_t out_size = final ? size_of(p_.y_type) : 4;
    const float* bias = part + 1 == parts_ && bias_ ? bias_ + panel * o_.layout.width : nullptr;
    const int64_t steps = std::min(part_steps_, steps_ - step);
    TileCall call{};
    for (int64_t column = 0; column < columns; column += tile.vectors() * lanes_) {
      int64_t row = 0;
      for (call.block = 0; call.block < tile.blocks(); ++call.block) {
        const jit::GemmArgs args{x.data + row * x.stride + step * x_step,
                                 b + column * o_.layout.column_bytes(),
                                 tile.next(call, b, steps * o_.layout.step_bytes()),
                                 bias ? bias + column : nullptr,
                                 c_in ? c_in + row * o_.layout.width + column : nullptr,
                                 c_out + row * ldc_out + column * out_size,
                                 x.stride,
                                 o_.layout.step_bytes(),
                                 o_.layout.width * 4,
                                 ldc_out,
                                 steps};
        tile.kernel(call, final)(&args);
        row += tile.rows(call.block);
        ++call.number;
      }
    }
  }

  // The valid columns of a panel that could not be stored by the kernels.
  void copy_out(int64_t panel, int64_t row, const Tile& tile, int64_t columns,
                const float* sums) const {
    int64_t rows = 0;
    for (int64_t block = 0; block < tile.blocks(); ++block) rows += tile.rows(block);
    for (int64_t i = 0; i < rows; ++i) {
      char* to = y_at(row + i, panel);
      const float* const from = sums + i * o_.layout.width;
      if (p_.y_type == DataType::kFloat32) {
        std::memcpy(to, from, static_cast<size_t>(columns) * 4);
      } else if (p_.y_type == DataType::kBFloat16) {
        narrow_row(from, reinterpret_cast<bf16*>(to), columns);
      } else {
        narrow_f16_row(from, reinterpret_cast<f16*>(to), columns);
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
  const float* bias_ = nullptr;
  Scratch bias_memory_, converted_;
};

}  // namespace

bool run_jit(const Product& product, const JitOptions& options, const Parallel& parallel) noexcept {
  return Run(product, options).run(parallel);
}

}  // namespace stoker::kernels::linear
