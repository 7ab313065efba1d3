#include "kernels/embedding_bag/jit.h"

#include <algorithm>
#include <atomic>

namespace stoker::kernels::embedding_bag {
namespace {

using jit::BagArgs;
using jit::BagConfig;

// A thread that gathers less than this (about 5 us) costs more to wake than it saves.
constexpr int64_t kBytesPerThread = 64 << 10;
// Lines that a core keeps in flight; the prefetch distance is that many, in rows.
constexpr int64_t kLinesAhead = 48;
constexpr int64_t kLine = 64;

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

class Run {
 public:
  Run(const Bags& bags, jit::Isa isa)
      : b_(bags),
        element_(jit::element_bytes(element_of(bags.type))),
        lanes_(jit::bag_lanes(isa >= jit::Isa::kAvx512, bags.columns)) {}

  Outcome run(const Parallel& parallel) {
    if (b_.bags == 0 || b_.columns == 0) return Outcome::kDone;
    if (!offsets_ascend()) return Outcome::kInvalid;
    cut(parallel.threads);
    if (!make_kernels()) return Outcome::kNoKernel;
    std::atomic<bool> valid{true};
    parallel.for_each_range(ranges_ * groups_, [&](int64_t begin, int64_t end) {
      for (int64_t unit = begin; unit < end; ++unit) {
        if (!run_unit(unit / groups_, unit % groups_))
          valid.store(false, std::memory_order_relaxed);
      }
    });
    return valid ? Outcome::kDone : Outcome::kInvalid;
  }

 private:
  int64_t begin_of(int64_t bag) const {
    return bag == b_.bags ? b_.count : integer_at(b_.offsets, bag, b_.index_bytes);
  }

  bool offsets_ascend() const {
    int64_t before = 0;
    if (begin_of(0) != 0) return false;
    for (int64_t bag = 1; bag <= b_.bags; ++bag) {
      const int64_t next = begin_of(bag);
      if (next < before) return false;
      before = next;
    }
    return true;
  }

  // Column blocks of what the registers hold, and as many units of work as there are threads for:
  // ranges of bags, and where bags are few, groups of column blocks.
  void cut(int threads) {
    const int64_t most = jit::bag_max_columns(b_.mode, lanes_);
    const int64_t bytes = b_.count * b_.columns * element_;
    const int64_t wanted = std::min<int64_t>(std::max(threads, 1), 1 + bytes / kBytesPerThread);
    ranges_ = std::min(wanted, b_.bags);
    groups_ = std::min(wanted / ranges_, ceil_div(b_.columns * element_, kLine));
    blocks_ = std::max(ceil_div(b_.columns, most), groups_);
    width_ = ceil_div(ceil_div(b_.columns, blocks_), lanes_) * lanes_;
    width_ = std::min(width_, b_.columns);
    blocks_ = ceil_div(b_.columns, width_);
    // The last block ends with the row: columns it shares with its neighbour get the same bits
    // twice, so both are of one group.
    separate_ = b_.columns % width_ == 0 ? blocks_ : blocks_ - 1;
    groups_ = std::min(groups_, separate_);
  }

  bool make_kernels() {
    const int64_t lines = ceil_div(width_ * element_, kLine);
    const BagConfig config{
        .columns = static_cast<uint16_t>(width_),
        .element = element_of(b_.type),
        .mode = b_.mode,
        .lanes = static_cast<uint8_t>(lanes_),
        .index_bytes = static_cast<uint8_t>(b_.index_bytes),
        .scaled = b_.scales != nullptr,
        .padded = b_.padding >= 0,
        .ahead = static_cast<uint8_t>(std::clamp<int64_t>(kLinesAhead / lines, 2, 32)),
    };
    kernel_ = jit::get_bag(config);
    return kernel_ != nullptr;
  }

  // The first bag of a range; ranges have about the same number of rows.
  int64_t first_bag(int64_t range) const {
    if (range == 0 || range == ranges_) return range == 0 ? 0 : b_.bags;
    // An empty bag costs about as much as a row.
    const int64_t target = (b_.count + b_.bags) * range / ranges_;
    int64_t low = 0, high = b_.bags;
    while (low < high) {
      const int64_t middle = (low + high) / 2;
      if (begin_of(middle) + middle < target) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  int64_t column_of(int64_t block) const { return std::min(block * width_, b_.columns - width_); }
  int64_t first_block(int64_t group) const {
    return group == groups_ ? blocks_ : group * separate_ / groups_;
  }

  bool run_unit(int64_t range, int64_t group) const {
    const int64_t last = first_bag(range + 1);
    const auto* const indices = static_cast<const char*>(b_.indices);
    BagArgs args{};
    args.end = indices + begin_of(last) * b_.index_bytes;
    args.rows = b_.rows;
    args.row_bytes = b_.row_stride * element_;
    args.padding = b_.padding;
    int64_t begin = 0;
    for (int64_t bag = first_bag(range); bag < last; ++bag) {
      begin = begin_of(bag);
      args.indices = indices + begin * b_.index_bytes;
      args.count = begin_of(bag + 1) - begin;
      if (b_.scales) args.scales = b_.scales + begin;
      if (!run_bag(args, bag, group)) return false;
      if (group == 0) note(bag, begin, args);
    }
    return true;
  }

  bool run_bag(BagArgs& args, int64_t bag, int64_t group) const {
    for (int64_t block = first_block(group); block < first_block(group + 1); ++block) {
      const int64_t column = column_of(block), at = bag * b_.columns + column;
      args.table = static_cast<const char*>(b_.table) + column * element_;
      args.out = static_cast<char*>(b_.out) + at * element_;
      if (b_.max_indices) {
        args.max_indices = static_cast<char*>(b_.max_indices) + at * b_.index_bytes;
      }
      kernel_(&args);
      if (args.used < 0) return false;
    }
    return true;
  }

  void note(int64_t bag, int64_t begin, const BagArgs& args) const {
    if (b_.sizes) set_integer(b_.sizes, bag, b_.index_bytes, args.used);
    if (b_.bag_of == nullptr) return;
    for (int64_t i = begin; i < begin + args.count; ++i) {
      set_integer(b_.bag_of, i, b_.index_bytes, bag);
    }
  }

  const Bags& b_;
  const int element_, lanes_;
  int64_t ranges_ = 1, groups_ = 1, blocks_ = 1, separate_ = 1, width_ = 0;
  jit::BagKernel kernel_ = nullptr;
};

}  // namespace

Outcome run_jit(const Bags& bags, jit::Isa isa, const Parallel& parallel) noexcept {
  return Run(bags, isa).run(parallel);
}

}  // namespace stoker::kernels::embedding_bag
