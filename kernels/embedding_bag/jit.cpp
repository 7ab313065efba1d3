#include "kernels/embedding_bag/jit.h"

#include <algorithm>
#include <atomic>

#include "kernels/rounding.h"

namespace stoker::kernels::embedding_bag {
namespace {

using jit::BagArgs;
using jit::BagConfig;

// A thread that gathers less than this (about 5 us) costs more to wake than it saves.
constexpr int64_t kBytesPerThread = 64 << 10;
// Lines that a core keeps in flight; the prefetch distance is that many, in rows.
constexpr int64_t kLinesAhead = 64;
constexpr int64_t kLine = 64;
constexpr int64_t kIndicesPerPart = 512;

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
    BagConfig config{
        .columns = static_cast<uint16_t>(width_),
        .element = element_of(b_.type),
        .mode = b_.mode,
        .lanes = static_cast<uint8_t>(lanes_),
        .index_bytes = static_cast<uint8_t>(b_.index_bytes),
        .scaled = b_.scales != nullptr,
        .padded = b_.padding >= 0,
        .counted = b_.sizes != nullptr,  // by the first block alone
        .indexed = b_.max_indices != nullptr,
        .ahead = static_cast<uint8_t>(std::clamp<int64_t>(kLinesAhead / lines, 2, 32)),
    };
    first_ = jit::get_bag(config);
    config.counted = 0;
    other_ = blocks_ > 1 ? jit::get_bag(config) : first_;
    return first_ != nullptr && other_ != nullptr;
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
    const int64_t first = first_bag(range), last = first_bag(range + 1);
    BagArgs args{};
    args.indices = b_.indices;
    args.end = static_cast<const char*>(b_.indices) + begin_of(last) * b_.index_bytes;
    args.scales = b_.scales;
    args.rows = b_.rows;
    args.row_bytes = b_.row_stride * element_;
    args.out_bytes = b_.out_stride * element_;
    args.max_bytes = b_.columns * b_.index_bytes;
    args.padding = b_.padding;
    // Several column blocks: their bags in parts, whose pages the first block leaves in the TLB.
    for (int64_t bag = first; bag < last;) {
      int64_t end = bag + 1;
      while (end < last && begin_of(end + 1) - begin_of(bag) <= kIndicesPerPart) ++end;
      if (end == b_.bags && end > bag + 1) --end;  // the last bag's end is no offset
      if (!run_part(args, bag, end, group)) return false;
      bag = end;
    }
    if (group == 0 && b_.bag_of) note(first, last);
    return true;
  }

  bool run_part(BagArgs& args, int64_t bag, int64_t end, int64_t group) const {
    const int64_t both[] = {begin_of(bag), b_.count};
    const int32_t narrow[] = {static_cast<int32_t>(both[0]), static_cast<int32_t>(both[1])};
    const bool wide = b_.index_bytes == 8;
    args.offsets = end < b_.bags ? at(b_.offsets, bag)
                   : wide        ? static_cast<const void*>(both)
                                 : narrow;
    args.bags = end - bag;
    for (int64_t block = first_block(group); block < first_block(group + 1); ++block) {
      const int64_t column = column_of(block);
      args.table = static_cast<const char*>(b_.table) + column * element_;
      args.out = static_cast<char*>(b_.out) + (bag * b_.out_stride + column) * element_;
      if (b_.sizes) args.sizes = const_cast<void*>(at(b_.sizes, bag));
      if (b_.max_indices) {
        args.max_indices = const_cast<void*>(at(b_.max_indices, bag * b_.columns + column));
      }
      (block == 0 ? first_ : other_)(&args);
      if (args.valid == 0) return false;
    }
    return true;
  }

  const void* at(const void* integers, int64_t i) const {
    return static_cast<const char*>(integers) + i * b_.index_bytes;
  }

  void note(int64_t first, int64_t last) const {
    for (int64_t bag = first; bag < last; ++bag) {
      for (int64_t i = begin_of(bag); i < begin_of(bag + 1); ++i) {
        set_integer(b_.bag_of, i, b_.index_bytes, bag);
      }
    }
  }

  const Bags& b_;
  const int element_, lanes_;
  int64_t ranges_ = 1, groups_ = 1, blocks_ = 1, separate_ = 1, width_ = 0;
  jit::BagKernel first_ = nullptr, other_ = nullptr;  // of the first column block; of the others
};

}  // namespace

Outcome run_jit(const Bags& bags, jit::Isa isa, const Parallel& parallel) noexcept {
  return Run(bags, isa).run(parallel);
}

Outcome run_jit(std::span<const Bags> tables, jit::Isa isa, const Parallel& parallel) noexcept {
  const auto count = static_cast<int64_t>(tables.size());
  std::atomic<Outcome> worst{Outcome::kDone};
  const auto run = [&](int64_t table, const Parallel& threads) {
    const Outcome outcome = run_jit(tables[static_cast<size_t>(table)], isa, threads);
    if (outcome != Outcome::kDone) worst.store(outcome, std::memory_order_relaxed);
  };
  if (count < parallel.threads) {
    for (int64_t table = 0; table < count; ++table) run(table, parallel);
    return worst;
  }
  parallel.for_each_range(count, [&](int64_t begin, int64_t end) {
    for (int64_t table = begin; table < end; ++table) run(table, Parallel());
  });
  return worst;
}

}  // namespace stoker::kernels::embedding_bag
