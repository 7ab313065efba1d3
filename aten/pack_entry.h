// What the cache remembers of one weight, and the proof that a pack is still the weight.
#pragma once

#include <chrono>

#include "aten/packed_weights.h"
#include "aten/write_watch.h"

namespace stoker::aten {

// Identity of an entry; compares by storage address, which `SourceState::storage` keeps unique.
struct PackKey {
  struct Part {
    const c10::StorageImpl* storage = nullptr;
    int64_t offset = 0, rows = 0, cols = 0, row_stride = 0, col_stride = 0;
    c10::ScalarType dtype = c10::ScalarType::Undefined;
    bool operator==(const Part&) const = default;
  };
  Recipe recipe{};
  c10::SmallVector<Part, 5> parts;
  PackVariant variant;
  bool operator==(const PackKey&) const = default;
};

PackKey key_of(const PackRequest& request);

struct PackKeyHash {
  size_t operator()(const PackKey& key) const noexcept;
};

struct SourceState {
  c10::weak_intrusive_ptr<c10::StorageImpl> storage{c10::intrusive_ptr<c10::StorageImpl>()};
  const void* data = nullptr;
  size_t nbytes = 0;
  int64_t version = -1;  // -1: inference tensors have none
  Armed armed;
  const c10::StorageImpl* parent = nullptr;  // kept alive by the slice's own DataPtr
  Armed parent_armed;
  // Fewest to the weight's tensor before any firing; more of them later means that a DLPack
  // capsule, which shows nowhere else, may be alive.
  size_t least_references = SIZE_MAX;
};

using Clock = std::chrono::steady_clock;

struct PackEntry {
  std::array<SourceState, kMaxSources> sources;
  size_t source_count = 0;
  at::Tensor packed;
  int64_t bytes = 0;  // of the pack, or what it would take
  const char* refusal = nullptr;
  uint64_t sightings = 0;
  int64_t rows = 0;       // of the products seen since the last write
  uint64_t retry_at = 0;  // sightings
  Clock::time_point retry_time{};
  uint32_t firings = 0;  // writes seen since the entry was made
  uint64_t checksum = 0;
  bool checksum_due = false;  // a write may have begun before re-arming: compare once
  std::atomic<uint64_t> last_use{0};

  bool expired() const;
  // Every source is where it was, unwritten, still armed.
  bool proves(const PackRequest& request) const;
  // Counts the references to the sources' tensors; call it while no write was seen.
  void count_references(const PackRequest& request);
  bool more_references(const PackRequest& request) const;
  // Takes down where the sources are now.
  void remember(const PackRequest& request);
  void drop_pack();
};

// A sum over the sources' bytes that notices any single changed word.
uint64_t checksum_of(const PackRequest& request);

// Source `i` as a plain tensor over the same memory that torch does not know to be the weight:
// reading it never fires the write hook.
at::Tensor private_alias(const Source& source);

}  // namespace stoker::aten
