#include "aten/packed_weights.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <c10/core/InferenceMode.h>
#include <malloc.h>
#include <pthread.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <new>
#include <shared_mutex>
#include <sstream>
#include <unordered_map>

#include "aten/memory_budget.h"
#include "aten/pack_entry.h"
#include "aten/provenance.h"
#include "aten/settings.h"
#include "aten/torch_private.h"

namespace stoker::aten {
namespace {

constexpr const char* kTooFew = "weight not seen often enough to be worth packing";
constexpr const char* kBackOff = "weight was written lately: waiting before packing again";
constexpr const char* kHolders = "weight memory has other holders (kept state_dict, view or array)";
constexpr const char* kExported =
    "weight may have been handed out (DLPack): its tensor has new holders";
constexpr const char* kForeignHook = "weight memory is copy-on-write or watched by someone else";
constexpr const char* kWritten = "weight was written while it was packed";
constexpr const char* kNoMemory = "a pack would take more than a quarter of the free memory";
constexpr const char* kBudget = "the budget of packed bytes is used up";

constexpr uint64_t kRecount = 64;      // sightings between two looks at a refused weight
constexpr uint64_t kSweepEvery = 256;  // lookups
constexpr uint64_t kIdleBeforeEvict =
    4096;  // lookups; a model larger than the budget must not churn

constexpr int64_t kWorthTrimming = 32 << 20;  // bytes freed at once

using Map = std::unordered_map<PackKey, std::unique_ptr<PackEntry>, PackKeyHash>;

struct Cache {
  std::shared_mutex mutex;
  Map entries;
  PackTotals totals;
  std::atomic<uint64_t> lookups{0};
};

Cache& cache();

void before_fork() { cache().mutex.lock(); }
void after_fork() { cache().mutex.unlock(); }
// glibc's lock knows its writer by thread id, which is another one in the child: a new lock.
void after_fork_in_child() { new (&cache().mutex) std::shared_mutex(); }

// Leaked: kernels may run while the process is torn down.
Cache& cache() {
  static Cache* const instance = [] {
    auto* made = new Cache();
    pthread_atfork(&before_fork, &after_fork, &after_fork_in_child);
    return made;
  }();
  return *instance;
}

bool always() { return settings().policy == kernels::Policy::kAlways; }

void release(Cache& c, PackEntry& entry) {
  if (!entry.packed.defined()) return;
  c.totals.entries -= 1;
  c.totals.bytes -= entry.bytes;
  entry.drop_pack();
}

void sweep(Cache& c) {
  const int64_t before = c.totals.bytes;
  for (auto it = c.entries.begin(); it != c.entries.end();) {
    if (it->second->expired()) {
      release(c, *it->second);
      it = c.entries.erase(it);
    } else {
      ++it;
    }
  }
  // Packs lie between the weights in malloc's heap; glibc gives whole pages in the middle back only
  // when told to (18 weights of 16 MiB and their packs: 546 of 578 MiB stayed resident).
  if (before - c.totals.bytes >= kWorthTrimming) malloc_trim(0);
}

// The bytes that the weights alive would take, or what the user allows.
int64_t budget(const Cache& c) {
  if (settings().pack_budget) return *settings().pack_budget;
  int64_t seen = 0;
  for (const auto& [key, entry] : c.entries) seen += entry->bytes;
  return seen;
}

bool make_room(Cache& c, int64_t bytes) {
  const int64_t limit = budget(c);
  if (bytes > limit) return false;
  const uint64_t now = c.lookups.load(std::memory_order_relaxed);
  while (c.totals.bytes + bytes > limit) {
    PackEntry* oldest = nullptr;
    for (auto& [key, entry] : c.entries) {
      if (entry->packed.defined() && (!oldest || entry->last_use < oldest->last_use)) {
        oldest = entry.get();
      }
    }
    if (oldest == nullptr || (!always() && now - oldest->last_use < kIdleBeforeEvict)) return false;
    release(c, *oldest);
    c.totals.evictions += 1;
  }
  return true;
}

// Holders of the memory that exist only for this call. A tracked view keeps its base alive, so both
// hold it. A view without a Python object is a temporary of C++ code (the C++ frontend, multi-head
// attention).
int64_t own_views(const at::Tensor& weight) {
  return weight.is_view() || !torch_private::has_python_object(weight) ? 1 : 0;
}

// Counts holders and arms the hooks of one source. Null, or why the weight may not be packed.
const char* arm_source(const Source& source, SourceState& state) {
  const c10::Storage& storage = source.tensor->storage();
  const Provenance origin = provenance(*storage.unsafeGetStorageImpl(), settings().pack_mapped);
  if (origin.refusal != nullptr) return origin.refusal;
  if (torch_private::holders(storage) > 1 + own_views(*source.tensor)) return kHolders;
  state.armed = arm(state.storage.lock());
  if (state.armed.watch == nullptr) return kForeignHook;
  state.parent = origin.parent;
  if (origin.parent != nullptr) {
    c10::raw::intrusive_ptr::incref(origin.parent);
    state.parent_armed = arm(c10::intrusive_ptr<c10::StorageImpl>::reclaim(origin.parent));
    if (state.parent_armed.watch == nullptr) return kForeignHook;
  }
  return nullptr;
}

const char* arm_all(const PackRequest& request, PackEntry& entry) {
  entry.remember(request);
  for (size_t i = 0; i < entry.source_count; ++i) {
    if (const char* why = arm_source(request.sources[i], entry.sources[i])) return why;
  }
  return nullptr;
}

// A weight packed together with others (a folded norm) was mostly packed by itself before, while
// the module was not yet a graph: both would stay for good. Who still needs that one makes it anew.
void release_parts(Cache& c, const PackKey& whole) {
  for (auto& [key, entry] : c.entries) {
    if (entry->source_count != 1 || !entry->packed.defined()) continue;
    const auto is_it = [&](const PackKey::Part& part) {
      return part.storage == key.parts[0].storage && part.offset == key.parts[0].offset;
    };
    if (std::any_of(whole.parts.begin(), whole.parts.end(), is_it)) {
      release(c, *entry);
      entry->rows = 0;
      entry->retry_at = entry->sightings + (always() ? 0 : kRecount);
      c.totals.evictions += 1;
    }
  }
}

// Packing takes memory for copies, too; where there is none, that costs the gain, not the program.
Packed packed_or_refused(const PackRequest& request, std::span<const at::Tensor> sources) {
  try {
    return request.pack(sources, request.context);
  } catch (const c10::Error&) {  // of torch's allocator
  } catch (const std::bad_alloc&) {
  }
  return {at::Tensor(), kNoMemory};
}

const char* pack_now(Cache& c, const PackRequest& request, const PackKey& key, PackEntry& entry) {
  if (!fits_available(entry.bytes)) return kNoMemory;
  if (!make_room(c, entry.bytes)) return kBudget;
  // A pack outlives the modes of the call that made it.
  const c10::InferenceMode not_inference(false);
  const at::AutoDispatchBelowADInplaceOrView no_autograd;
  std::array<at::Tensor, kMaxSources> aliases;
  for (size_t i = 0; i < entry.source_count; ++i) aliases[i] = private_alias(request.sources[i]);
  const uint64_t before = entry.firings > 0 ? checksum_of(request) : 0;
  Packed packed = packed_or_refused(request, {aliases.data(), entry.source_count});
  if (packed.refusal != nullptr) return packed.refusal;
  if (!entry.proves(request)) return kWritten;
  entry.packed = std::move(packed.value);
  entry.checksum = before;
  entry.checksum_due = entry.firings > 0;
  if (entry.source_count > 1) release_parts(c, key);
  c.totals.packs += 1;
  c.totals.entries += 1;
  c.totals.bytes += entry.bytes;
  return nullptr;
}

// A write was announced: wait, twice as long each time, before packing again.
void back_off(Cache& c, PackEntry& entry) {
  if (entry.packed.defined()) c.totals.drops += 1;
  release(c, entry);
  entry.firings += 1;
  entry.rows = 0;
  if (always()) return;
  const uint32_t doubling = std::min(entry.firings, 8u);
  entry.retry_at = entry.sightings + (2ull << doubling);
  entry.retry_time = Clock::now() + std::chrono::milliseconds(4 << doubling);
}

Packed refuse(PackEntry& entry, const char* why) {
  entry.refusal = why;
  entry.retry_at = entry.sightings + (always() ? 0 : kRecount);
  return {at::Tensor(), why};
}

PackEntry& find_or_insert(Cache& c, const PackRequest& request, const PackKey& key) {
  const auto found = c.entries.find(key);
  if (found != c.entries.end()) return *found->second;
  sweep(c);
  PackEntry& entry = *c.entries.emplace(key, std::make_unique<PackEntry>()).first->second;
  entry.retry_at = always() ? 0 : request.sightings;
  // Armed from the first sight on, so that pointers exported before the pack are noticed too.
  entry.refusal = arm_all(request, entry);
  return entry;
}

const char* state_of(const PackEntry& entry) {
  if (entry.refusal != nullptr) return entry.refusal;
  return entry.firings > 0 ? kBackOff : kTooFew;
}

// Everything but the hit: with the cache to itself.
Packed consider(Cache& c, const PackRequest& request, const PackKey& key) {
  PackEntry& entry = find_or_insert(c, request, key);
  entry.sightings += 1;
  entry.rows += request.rows;
  entry.last_use.store(c.lookups.load(std::memory_order_relaxed), std::memory_order_relaxed);
  const bool proven = entry.proves(request);
  if (proven && entry.firings == 0) entry.count_references(request);
  if (proven && entry.packed.defined() &&
      (!entry.checksum_due || checksum_of(request) == entry.checksum)) {
    entry.checksum_due = false;
    return {entry.packed, nullptr};
  }
  const bool armed_before = entry.refusal == nullptr;
  if (entry.packed.defined() || (armed_before && !proven)) {
    back_off(c, entry);
    entry.refusal = arm_all(request, entry);
  }
  if (entry.sightings < entry.retry_at || entry.rows < request.rows_before_pack) {
    return {at::Tensor(), state_of(entry)};
  }
  if (Clock::now() < entry.retry_time) return {at::Tensor(), kBackOff};
  entry.refusal = arm_all(request, entry);
  if (entry.refusal == nullptr && entry.firings > 0 && entry.more_references(request)) {
    entry.refusal = kExported;
  }
  if (entry.refusal == nullptr) entry.refusal = pack_now(c, request, key, entry);
  if (entry.refusal != nullptr) return refuse(entry, entry.refusal);
  return {entry.packed, nullptr};
}

}  // namespace

Packed get_packed(const PackRequest& request) {
  Cache& c = cache();
  const PackKey key = key_of(request);
  const uint64_t tick = c.lookups.fetch_add(1, std::memory_order_relaxed) + 1;
  if (tick % kSweepEvery != 0) {
    const std::shared_lock lock(c.mutex);
    const auto found = c.entries.find(key);
    if (found != c.entries.end()) {
      PackEntry& entry = *found->second;
      if (entry.packed.defined() && !entry.checksum_due && entry.proves(request)) {
        entry.last_use.store(tick, std::memory_order_relaxed);
        return {entry.packed, nullptr};
      }
    }
  }
  const std::unique_lock lock(c.mutex);
  if (tick % kSweepEvery == 0) sweep(c);
  return consider(c, request, key);
}

void sweep_packed() noexcept {
  Cache& c = cache();
  const std::unique_lock lock(c.mutex, std::try_to_lock);
  if (lock.owns_lock()) sweep(c);
}

void drop_all_packed() {
  Cache& c = cache();
  const std::unique_lock lock(c.mutex);
  for (auto& [key, entry] : c.entries) {
    release(c, *entry);
    for (size_t i = 0; i < entry->source_count; ++i) {
      if (const auto storage = entry->sources[i].storage.lock()) disarm(storage.get());
    }
  }
  c.entries.clear();
}

void disarm_storage(c10::StorageImpl* storage) {
  const std::unique_lock lock(cache().mutex);
  disarm(storage);
}

PackTotals pack_totals() {
  Cache& c = cache();
  const std::unique_lock lock(c.mutex);
  PackTotals totals = c.totals;
  totals.budget = budget(c);
  return totals;
}

std::string explain_packed() {
  Cache& c = cache();
  const std::unique_lock lock(c.mutex);
  std::ostringstream out;
  for (const auto& [key, entry] : c.entries) {
    if (entry->expired()) continue;
    out << "  " << key.parts[0].rows << " x " << key.parts[0].cols << " "
        << c10::toString(key.parts[0].dtype) << ": ";
    if (entry->packed.defined()) {
      out << "packed, " << entry->bytes << " bytes";
    } else {
      out << "not packed: " << state_of(*entry);
    }
    out << ", seen " << entry->sightings << " times outside the fast path, written "
        << entry->firings << " times\n";
  }
  return out.str();
}

}  // namespace stoker::aten
