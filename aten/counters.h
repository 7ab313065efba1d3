// What each operator did: calls by row taken and by reason declined. Lock-free on the hot path.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <string>

namespace stoker::aten {

enum class OpId : uint8_t {
  kLinear,
  kAddmm,
  kAddmmOut,
  kMm,
  kMmOut,
  kBmm,
  kBmmOut,
  kBaddbmm,
  kBaddbmmOut,
  kConvolution,
  kEmbeddingBag,
  kEmbeddingBagForwardOnly,
  kAutocastLinear,
  kAutocastAddmm,
  kAutocastMm,
  kAutocastMatmul,
  kAutocastBmm,
  kAutocastBaddbmm,
  kAutocastConv1d,
  kAutocastConv2d,
  kAutocastConv3d,
  kStokerLinear,
  kStokerEmbeddingBags,
  kStokerConvolution,
  kStokerAddLayerNorm,
  kStokerRmsNorm,
  kLstm,
  kLstmData,
  kGru,
  kGruData,
  kRnnTanh,
  kRnnTanhData,
  kRnnRelu,
  kRnnReluData,
  kLstmCell,
  kGruCell,
  kRnnTanhCell,
  kRnnReluCell,
  kCount
};

// torch's own names, as in STOKER_DISABLE and status(): "linear", "addmm.out", "autocast.mm", ...
const char* op_name(OpId op) noexcept;

// Counts by string literal; the pointer is the key, so callers pass literals only.
class LiteralCounts {
 public:
  // True when this literal is counted for the first time since the last clear().
  bool add(const char* literal) noexcept;
  std::map<std::string, uint64_t> read() const;
  void clear() noexcept;

  // Time of the calls counted here.
  void add_time(int64_t nanoseconds) noexcept {
    nanoseconds_.fetch_add(nanoseconds, std::memory_order_relaxed);
  }
  double seconds() const noexcept { return static_cast<double>(nanoseconds_.load()) * 1e-9; }

 private:
  struct Slot {
    std::atomic<const char*> literal{nullptr};
    std::atomic<uint64_t> count{0};
  };
  // More than the number of distinct reasons in the library; overflow goes to the last slot.
  std::array<Slot, 48> slots_;
  std::atomic<int64_t> nanoseconds_{0};
};

struct OpCounters {
  LiteralCounts taken;     // by row name
  LiteralCounts declined;  // by reason
};

OpCounters& counters(OpId op) noexcept;

void count_taken(OpId op, const char* row) noexcept;
void count_declined(OpId op, const char* reason) noexcept;

}  // namespace stoker::aten
