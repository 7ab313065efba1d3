#include "aten/write_watch.h"

#include <array>

#include "aten/torch_private.h"

namespace stoker::aten {
namespace {

// Chains are only ever pushed to, so the hook can walk them without a lock from any thread.
constexpr size_t kBuckets = 4096;

std::array<std::atomic<Watch*>, kBuckets>& buckets() noexcept {
  static auto* const table = new std::array<std::atomic<Watch*>, kBuckets>();
  return *table;
}

std::atomic<Watch*>& bucket(const c10::StorageImpl* storage) noexcept {
  const auto address = reinterpret_cast<uintptr_t>(storage);
  return buckets()[((address >> 4) * 0x9E3779B97F4A7C15ull >> 32) % kBuckets];
}

Watch* find(const c10::StorageImpl* storage) noexcept {
  Watch* watch = bucket(storage).load(std::memory_order_acquire);
  while (watch != nullptr && watch->storage.load(std::memory_order_acquire) != storage) {
    watch = watch->next;
  }
  return watch;
}

bool is_armed(uint64_t generation) noexcept { return (generation & 1) != 0; }

void announce_write(Watch* watch) noexcept {
  uint64_t generation = watch->generation.load(std::memory_order_relaxed);
  while (is_armed(generation) && !watch->generation.compare_exchange_weak(
                                     generation, generation + 1, std::memory_order_acq_rel)) {
  }
}

// Called by torch before it hands out a mutable pointer; possibly inside a parallel region.
void on_write(c10::StorageImpl* storage) {
  if (Watch* watch = find(storage)) announce_write(watch);
}

Watch* watch_for(const c10::intrusive_ptr<c10::StorageImpl>& storage) {
  if (Watch* watch = find(storage.get())) return watch;
  std::atomic<Watch*>& head = bucket(storage.get());
  for (Watch* old = head.load(std::memory_order_acquire); old != nullptr; old = old->next) {
    if (!old->alive.expired()) continue;
    announce_write(old);
    old->storage.store(storage.get(), std::memory_order_release);
    old->alive = c10::weak_intrusive_ptr<c10::StorageImpl>(storage);
    return old;
  }
  auto* watch = new Watch();
  watch->storage.store(storage.get(), std::memory_order_relaxed);
  watch->alive = c10::weak_intrusive_ptr<c10::StorageImpl>(storage);
  watch->next = head.load(std::memory_order_relaxed);
  head.store(watch, std::memory_order_release);
  return watch;
}

}  // namespace

bool Armed::holds(const c10::StorageImpl* storage) const noexcept {
  return watch != nullptr && watch->generation.load(std::memory_order_acquire) == generation &&
         torch_private::has_write_hook(storage);
}

Armed arm(const c10::intrusive_ptr<c10::StorageImpl>& storage) {
  const bool hooked = torch_private::has_write_hook(storage.get());
  if (hooked) {
    Watch* watch = find(storage.get());
    const uint64_t generation = watch ? watch->generation.load(std::memory_order_acquire) : 0;
    return is_armed(generation) ? Armed{watch, generation} : Armed{};
  }
  Watch* watch = watch_for(storage);
  announce_write(watch);  // an armed generation without a hook: the hook was cleared behind us
  const uint64_t generation = watch->generation.load(std::memory_order_acquire) + 1;
  watch->generation.store(generation, std::memory_order_release);
  torch_private::set_write_hook(storage.get(), &on_write);
  return {watch, generation};
}

void disarm(c10::StorageImpl* storage) noexcept {
  Watch* watch = find(storage);
  if (watch == nullptr || !is_armed(watch->generation.load(std::memory_order_acquire))) return;
  announce_write(watch);
  torch_private::clear_write_hook(storage);
}

}  // namespace stoker::aten
