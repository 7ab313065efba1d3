#include "kernels/linear/pack.h"

#include <xmmintrin.h>

#include <algorithm>
#include <cstring>

#include "jit/gen/pack.h"

namespace stoker::kernels::linear {
namespace {

using jit::GemmMath;
using jit::PackFormat;
using jit::PackOrder;
using jit::PackSource;

// Packs from this size on are written past the caches: what is packed first would have left them
// before it is read, and a store that need not fetch its line first saves a third of the traffic.
constexpr int64_t kStreamBytes = 1 << 20;
// Of each row, in panels packed side by side (kAlongN).
constexpr int64_t kRunBytes = 4096;

PackFormat format_of(GemmMath math) {
  if (math == GemmMath::kF32) return PackFormat::kF32;
  return math == GemmMath::kF16 ? PackFormat::kF16Rows : PackFormat::kBf16Pairs;
}

bool fits(GemmMath math, DataType type) {
  if (math == GemmMath::kF32 || math == GemmMath::kF16) {
    return type == (math == GemmMath::kF32 ? DataType::kFloat32 : DataType::kFloat16);
  }
  return type != DataType::kFloat16;
}

// Cuts a matrix into calls of the kernel. What the kernel would read past an edge is read from a
// copy that is filled up with zeros.
class Packer {
 public:
  Packer(const Layout& layout, const Matrix& weight, bool stream)
      : layout_(layout),
        w_(weight),
        along_n_(w_.n_stride == 1 && (w_.k_stride != 1 || w_.k == 1)),
        size_(w_.type == DataType::kFloat32 ? 4 : 2),
        stride_((along_n_ ? w_.k_stride : w_.n_stride) * size_),
        step_(jit::gemm_step(layout.math)),
        stream_(stream) {
    if (!fits(layout.math, w_.type)) return;
    kernel_ = jit::get_pack(
        {.format = format_of(layout.math),
         .source = w_.type == DataType::kFloat32 ? PackSource::kF32 : PackSource::k16Bit,
         .order = along_n_ ? PackOrder::kAlongN : PackOrder::kAlongK,
         .width = static_cast<uint8_t>(layout.width),
         .stream = stream});
  }

  bool ready() const { return kernel_ != nullptr; }

  // Panels [first, last); `to` is where panel `first` goes.
  void run(int64_t first, int64_t last, char* to) const {
    along_n_ ? run_along_n(first, last, to) : run_along_k(first, last, to);
    if (stream_) _mm_sfence();  // before another thread is told
  }

 private:
  static constexpr int64_t kTileBytes = 8192;

  const char* at(int64_t n, int64_t k) const {
    return static_cast<const char*>(w_.data) + (n * w_.n_stride + k * w_.k_stride) * size_;
  }

  // `to` is the start of the panel.
  char* place(char* to, int64_t k) const { return to + k / step_ * layout_.step_bytes(); }

  void call(const char* from, int64_t stride, char* to, int64_t k, int64_t panels = 1) const {
    const jit::PackArgs args{from, to, stride, layout_.steps(k), panels, layout_.panel_bytes(w_.k)};
    kernel_(&args);
  }

  void run_along_k(int64_t first, int64_t last, char* to) const {
    const int64_t group = jit::pack_columns(format_of(layout_.math), layout_.width);
    const int64_t whole_k = w_.k - w_.k % (jit::kPackQuad * step_);
    for (int64_t panel = first; panel < last; ++panel) {
      for (int64_t column = 0; column < layout_.width; column += group) {
        const int64_t n = panel * layout_.width + column;
        const int64_t columns = std::clamp<int64_t>(w_.n - n, 0, group);
        char* const place_of_group = to + column * layout_.column_bytes();
        if (columns == group) {
          call(at(n, 0), stride_, place_of_group, whole_k);
          edge_along_k(n, columns, whole_k, place_of_group);
        } else {
          edge_along_k(n, columns, 0, place_of_group);
        }
      }
      to += layout_.panel_bytes(w_.k);
    }
  }

  // k from `k` on of columns that are fewer than the kernel packs, or are not whole fours of steps.
  void edge_along_k(int64_t n, int64_t columns, int64_t k, char* to) const {
    alignas(64) char tile[kTileBytes];
    const int64_t group = jit::pack_columns(format_of(layout_.math), layout_.width);
    const int64_t most = kTileBytes / group / size_;
    while (k < w_.k) {
      const int64_t count = std::min(most, w_.k - k);
      const int64_t row_bytes = (count * size_ + 63) / 64 * 64;
      std::memset(tile, 0, static_cast<size_t>(group * row_bytes));
      for (int64_t i = 0; i < columns; ++i) {
        std::memcpy(tile + i * row_bytes, at(n + i, k), static_cast<size_t>(count * size_));
      }
      call(tile, row_bytes, place(to, k), count);
      k += count;
    }
  }

  void run_along_n(int64_t first, int64_t last, char* to) const {
    const int64_t whole = std::min(last, w_.n / layout_.width);
    const int64_t most = std::max<int64_t>(1, kRunBytes / (layout_.width * size_));
    const int64_t whole_k = w_.k - w_.k % step_;
    for (int64_t panel = first; panel < last;) {
      const int64_t n = panel * layout_.width;
      const int64_t count = std::clamp<int64_t>(whole - panel, 1, most);
      if (panel < whole) {
        call(at(n, 0), stride_, to, whole_k, count);
        for (int64_t i = 0; i < count; ++i) {
          edge_along_n(n + i * layout_.width, layout_.width, whole_k,
                       to + i * layout_.panel_bytes(w_.k));
        }
      } else {
        edge_along_n(n, w_.n - n, 0, to);
      }
      panel += count;
      to += count * layout_.panel_bytes(w_.k);
    }
  }

  // k from `k` on of a panel that has fewer columns than its width, or ends in half a step.
  void edge_along_n(int64_t n, int64_t columns, int64_t k, char* to) const {
    alignas(64) char tile[kTileBytes];
    const int64_t row_bytes = layout_.width * size_;
    const int64_t most = kTileBytes / row_bytes / step_ * step_;  // whole steps
    while (k < w_.k) {
      const int64_t count = std::min(most, w_.k - k);
      std::memset(tile, 0, static_cast<size_t>((count + count % step_) * row_bytes));
      for (int64_t i = 0; i < count; ++i) {
        std::memcpy(tile + i * row_bytes, at(n, k + i), static_cast<size_t>(columns * size_));
      }
      call(tile, row_bytes, place(to, k), count);
      k += count;
    }
  }

  const Layout layout_;
  const Matrix w_;
  const bool along_n_;
  const int64_t size_, stride_;  // bytes: of an element, between rows of the source
  const int64_t step_;           // k in a step
  const bool stream_;
  jit::PackKernel kernel_ = nullptr;
};

}  // namespace

bool pack(const Layout& layout, const Matrix& weight, void* packed,
          const Parallel& parallel) noexcept {
  const bool aligned = reinterpret_cast<uintptr_t>(packed) % 32 == 0;
  const Packer packer(layout, weight, aligned && layout.bytes(weight.n, weight.k) >= kStreamBytes);
  if (!packer.ready()) return false;
  parallel.for_each_range(layout.panels(weight.n), [&](int64_t first, int64_t last) {
    packer.run(first, last, static_cast<char*>(packed) + first * layout.panel_bytes(weight.k));
  });
  return true;
}

bool pack_panels(const Layout& layout, const Matrix& weight, int64_t first, int64_t last,
                 void* packed) noexcept {
  const Packer packer(layout, weight, false);
  if (!packer.ready()) return false;
  packer.run(first, last, static_cast<char*>(packed));
  return true;
}

}  // namespace stoker::kernels::linear
