#include "kernels/matmul/jit.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "kernels/linear/pack.h"
#include "kernels/matmul/blocks.h"
#include "kernels/matmul/rows.h"
#include "kernels/rounding.h"
#include "kernels/scratch.h"

namespace stoker::kernels::matmul {
namespace {

using jit::GemmMath;
using linear::Layout;

constexpr int64_t kMinRows = 56, kMaxRows = 256;  // of A in one unit of work
constexpr int64_t kPartBytes = 24 << 10;  // of a strip of B: what stays in L1 beside rows of A
constexpr int kMostVectors = 8;

int64_t lines(int64_t bytes) { return round_up(bytes, 64); }

// Columns of B and C that are computed together.
struct Strip {
  int64_t column, columns;
  int vectors;    // of one block; a strip may need several passes
  bool in_place;  // B is read where it lies
};

// Rows of A of one batch entry, and the strips [first, last) they are multiplied with.
struct Unit {
  int64_t batch, row, rows, first, last;
};

// What a thread works in.
struct Workspace {
  char* a;
  char* panel;
  char* sums;  // of the parts of k before the last; [rows][sums_width]
  char* d;     // what is to be added, in the type of C, rows as far apart
};

class Run {
 public:
  Run(const Product& product, const JitOptions& options)
      : p_(product),
        o_(options),
        layout_(Layout::of(options.isa, options.math)),
        lanes_(jit::gemm_lanes(options.isa)),
        element_(options.math == GemmMath::kBf16Dot ? 2 : 4),
        steps_(layout_.steps(product.k)),
        padded_k_(steps_ * jit::gemm_step(options.math)) {
    epilogue_.scaled = p_.alpha != 1 || (p_.d.data != nullptr && p_.beta != 1);
    if (p_.d.data != nullptr) {
      epilogue_.combine = jit::Combine::kAdd;
      epilogue_.other = element_of(p_.c_type);
    }
  }

  bool run(Parallel parallel) {
    if (p_.batch == 0 || p_.m == 0 || p_.n == 0) return true;
    const int64_t macs = p_.batch * p_.m * p_.n * p_.k;
    cut(std::max(parallel.enough_for(macs).threads, 1));
    if (!make_kernels()) return false;
    Scratch scratch;
    if (!scratch.reserve(threads_ * workspace_bytes())) return false;
    std::atomic<bool> done{true};
    const int64_t units = p_.batch * splits_ * groups_;
    parallel.for_each_range(threads_, [&](int64_t begin, int64_t end) {
      for (int64_t thread = begin; thread < end; ++thread) {
        const Workspace work = workspace(scratch.as<char>() + thread * workspace_bytes());
        const int64_t last = (thread + 1) * units / threads_;
        for (int64_t i = thread * units / threads_; i < last; ++i) {
          if (!run_unit(unit(i), work)) done = false;
        }
      }
    });
    return done;
  }

 private:
  // Cuts the work into units for so many threads, then rows and columns into blocks.
  void cut(int64_t threads) {
    const int64_t row_bytes = std::max<int64_t>(padded_k_ * element_, 1);
    const int64_t fit = std::clamp(o_.l2_bytes / 2 / row_bytes, kMinRows, kMaxRows);
    splits_ = ceil_div(p_.m, fit);
    // Columns first: every split of the rows packs B again.
    groups_ = std::min(layout_.panels(p_.n), ceil_div(threads, p_.batch * splits_));
    const int64_t wanted = ceil_div(threads, p_.batch * groups_);
    splits_ = std::max(splits_, std::min(wanted, ceil_div(p_.m, 8)));
    rows_ = ceil_div(p_.m, splits_);
    splits_ = ceil_div(p_.m, rows_);
    cut_columns();
    // No two threads write the same columns.
    separate_ = in_place_ && p_.n % lanes_ != 0 && strips_ > 1 ? strips_ - 1 : strips_;
    groups_ = std::min(groups_, separate_);
    threads_ = std::min(threads, p_.batch * splits_ * groups_);
  }

  void cut_columns() {
    const int panel_vectors = layout_.width / lanes_;
    const auto fits = [&](int vectors) {
      return rows_ <= jit::gemm_max_rows(o_.isa, o_.math, vectors);
    };
    in_place_ = o_.math == GemmMath::kF32 && p_.b.col_stride == 1 && p_.n >= lanes_;
    // Wide blocks for few rows: each broadcast of A serves more columns. Tall ones for many.
    // Rows of B a multiple of 4 KB apart share eight lines of L1: 12 x (16,1024,64) runs at 45 of
    // 68 GFLOP/s on Zen 3. Packing such B cost more than it saved there up to M = 32, and
    // prefetching the next strip, near or far, gained nothing at M = 1.
    if (in_place_) {
      vectors_ = 2;
      while (vectors_ < kMostVectors && fits(vectors_ + 1)) ++vectors_;
      vectors_ = std::min<int>(vectors_, static_cast<int>(p_.n / lanes_));
      const int64_t width = vectors_ * lanes_;
      whole_ = p_.n / width;
      rest_vectors_ = static_cast<int>(ceil_div(p_.n % width, lanes_));
      strips_ = whole_ + (rest_vectors_ > 0);
    } else {
      vectors_ = fits(panel_vectors) ? panel_vectors : std::min(panel_vectors, 2);
      strips_ = layout_.panels(p_.n);
    }
    const bool reused = rows_ > jit::gemm_max_rows(o_.isa, o_.math, vectors_);
    const int64_t step = in_place_ ? vectors_ * lanes_ * 4 : layout_.step_bytes();
    part_steps_ = in_place_ && !reused ? steps_ : std::min(steps_, kPartBytes / step);
    parts_ = part_steps_ == 0 ? 1 : ceil_div(steps_, part_steps_);
    sums_width_ = std::max<int64_t>(layout_.width, vectors_ * lanes_);
  }

  Strip strip(int64_t number) const {
    const int64_t width = in_place_ ? vectors_ * lanes_ : layout_.width;
    const int64_t column = number * width;
    if (in_place_ && number < whole_) return {column, width, vectors_, true};
    if (in_place_) {
      // Ends with C: the columns that it shares with its neighbour get the same bits twice.
      const int64_t rest = rest_vectors_ * lanes_;
      return {p_.n - rest, rest, rest_vectors_, true};
    }
    const int64_t columns = std::min<int64_t>(layout_.width, p_.n - column);
    const int needed = static_cast<int>(ceil_div(columns, lanes_));
    return {column, columns, std::min(vectors_, needed), false};
  }

  bool make_kernels() {
    const int64_t last_rows = p_.m - (splits_ - 1) * rows_;
    for (const int64_t number : {int64_t{0}, whole_, strips_ - 1}) {
      const int vectors = strip(std::min(number, strips_ - 1)).vectors;
      const jit::GemmConfig config{.isa = o_.isa,
                                   .math = o_.math,
                                   .rows = 0,
                                   .vectors = static_cast<uint8_t>(vectors),
                                   .out = element_of(p_.c_type),
                                   .epilogue = epilogue_};
      if (!blocks_[0][vectors].make(config, rows_) ||
          !blocks_[1][vectors].make(config, last_rows)) {
        return false;
      }
    }
    return true;
  }

  // Must A be copied in another type, or padded to whole steps?
  bool converts() const {
    if (o_.math == GemmMath::kF32) return false;
    return o_.math != GemmMath::kBf16Dot || p_.a.type == DataType::kFloat32 || p_.k % 2 != 0;
  }

  int64_t a_bytes() const { return converts() ? lines(rows_ * padded_k_ * element_) : 0; }
  int64_t panel_bytes() const { return part_steps_ * layout_.step_bytes(); }
  int64_t sums_bytes() const { return rows_ * sums_width_ * 4; }
  int64_t d_bytes() const { return p_.d.data != nullptr ? sums_bytes() : 0; }
  int64_t workspace_bytes() const { return a_bytes() + panel_bytes() + sums_bytes() + d_bytes(); }
  Workspace workspace(char* memory) const {
    char* const panel = memory + a_bytes();
    char* const sums = panel + panel_bytes();
    return {memory, panel, sums, sums + sums_bytes()};
  }

  Unit unit(int64_t number) const {
    const int64_t group = number % groups_, split = number / groups_ % splits_;
    const int64_t row = split * rows_, last = group + 1 == groups_ ? strips_ : first_of(group + 1);
    return {number / groups_ / splits_, row, std::min(rows_, p_.m - row), first_of(group), last};
  }
  int64_t first_of(int64_t group) const { return group * separate_ / groups_; }

  bool run_unit(const Unit& u, const Workspace& work) const {
    const char* a = at(p_.a, u.batch, u.row, 0);
    int64_t lda = p_.a.row_stride * size_of(p_.a.type);
    if (converts()) {
      for (int64_t i = 0; i < u.rows; ++i) {
        convert_a_row(o_.math, p_.a.type, a + i * lda, work.a + i * padded_k_ * element_, p_.k,
                      padded_k_);
      }
      a = work.a;
      lda = padded_k_ * element_;
    }
    for (int64_t number = u.first; number < u.last; ++number) {
      if (!run_strip(u, strip(number), a, lda, work)) return false;
    }
    return true;
  }

  bool run_strip(const Unit& u, const Strip& s, const char* a, int64_t lda,
                 const Workspace& work) const {
    // The kernels write whole vectors: where C has fewer columns, a copy with room for them.
    const bool whole = s.columns % (s.vectors * lanes_) == 0;
    const int64_t stride = sums_width_ * 4;
    char* const c = static_cast<char*>(p_.c) +
                    ((u.batch * p_.m + u.row) * p_.n + s.column) * size_of(p_.c_type);
    const int64_t ldc = p_.n * size_of(p_.c_type);
    jit::GemmArgs args{};
    args.lda = lda;
    args.ldc_in = stride;
    args.alpha = p_.alpha;
    args.beta = p_.beta;
    if (p_.d.data != nullptr) set_d(u, s, whole, work, args);
    for (int64_t part = 0; part < parts_; ++part) {
      const bool final = part + 1 == parts_;
      args.a = a + part * part_steps_ * jit::gemm_step(o_.math) * element_;
      if (!set_b(u, s, part, work, args)) return false;
      args.c_in = part == 0 ? nullptr : reinterpret_cast<const float*>(work.sums);
      args.c_out = final && whole ? c : work.sums;
      args.ldc_out = final && whole ? ldc : stride;
      run_blocks(blocks_[u.rows == rows_ ? 0 : 1][s.vectors], s, final, args);
    }
    for (int64_t i = 0; i < u.rows && !whole; ++i) {
      std::memcpy(c + i * ldc, work.sums + i * stride,
                  static_cast<size_t>(s.columns * size_of(p_.c_type)));
    }
    return true;
  }

  bool set_b(const Unit& u, const Strip& s, int64_t part, const Workspace& work,
             jit::GemmArgs& args) const {
    const int64_t step = part * part_steps_, k = step * jit::gemm_step(o_.math);
    const char* const b = at(p_.b, u.batch, k, s.column);
    args.steps = std::min(part_steps_, steps_ - step);
    args.b = s.in_place ? b : work.panel;
    args.ldb = s.in_place ? p_.b.row_stride * 4 : layout_.step_bytes();
    if (s.in_place) return true;
    const int64_t count = std::min(args.steps * jit::gemm_step(o_.math), p_.k - k);
    return linear::pack_panels(layout_,
                               {b, p_.b.type, s.columns, count, p_.b.col_stride, p_.b.row_stride},
                               0, 1, work.panel);
  }

  void set_d(const Unit& u, const Strip& s, bool whole, const Workspace& work,
             jit::GemmArgs& args) const {
    const char* const d = at(p_.d, u.batch, u.row, s.column);
    const int64_t stride = p_.d.row_stride * size_of(p_.d.type);
    args.other = d;
    args.ldo = stride;
    if (whole && p_.d.col_stride == 1 && !p_.rounds_d()) return;
    args.other = work.d;
    args.ldo = sums_width_ * 4;
    if (!whole) std::memset(work.d, 0, static_cast<size_t>(u.rows * args.ldo));
    for (int64_t i = 0; i < u.rows; ++i) {
      copy_d_row(p_.d, d + i * stride, work.d + i * args.ldo, s.columns, p_.rounds_d());
    }
  }

  // All row blocks of a strip on one part of k; `first` is the call of the first block.
  void run_blocks(const Blocks& blocks, const Strip& s, bool final,
                  const jit::GemmArgs& first) const {
    const int64_t column_bytes = s.in_place ? 4 : layout_.column_bytes();
    const int64_t out_size = final ? size_of(p_.c_type) : 4;
    jit::GemmArgs args = first;
    for (int64_t column = 0; column < s.columns; column += s.vectors * lanes_) {
      int64_t row = 0;
      args.b = args.next = static_cast<const char*>(first.b) + column * column_bytes;
      for (int64_t block = 0; block < blocks.count(); ++block) {
        args.a = static_cast<const char*>(first.a) + row * first.lda;
        if (first.c_in) args.c_in = first.c_in + row * sums_width_ + column;
        args.c_out = static_cast<char*>(first.c_out) + row * first.ldc_out + column * out_size;
        if (first.other) {
          args.other =
              static_cast<const char*>(first.other) + row * first.ldo + column * size_of(p_.c_type);
        }
        blocks.kernel(block, final)(&args);
        row += blocks.rows(block);
      }
    }
  }

  const Product& p_;
  const JitOptions& o_;
  const Layout layout_;
  const int lanes_;
  const int64_t element_;   // bytes of an element of A as the kernels read it
  const int64_t steps_;     // of k, in the layout
  const int64_t padded_k_;  // elements of a row of A as the kernels read it
  jit::Epilogue epilogue_;
  int64_t splits_, groups_, threads_, rows_;  // units a batch entry: rows, columns; rows of a unit
  bool in_place_;
  int vectors_, rest_vectors_ = 0;
  int64_t whole_ = 0, strips_, separate_, part_steps_, parts_, sums_width_;
  Blocks blocks_[2][kMostVectors + 1];  // [last rows][vectors]
};

}  // namespace

bool run_jit(const Product& product, const JitOptions& options, const Parallel& parallel) noexcept {
  return Run(product, options).run(parallel);
}

}  // namespace stoker::kernels::matmul
