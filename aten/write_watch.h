// Knows, without copies, whether a storage was written since it was armed.
#pragma once

#include <c10/core/StorageImpl.h>

#include <atomic>
#include <cstdint>

namespace stoker::aten {

// The record of one storage. Lives for ever (recycled once its storage died), so a pointer to it is
// always safe to read.
struct Watch {
  std::atomic<c10::StorageImpl*> storage{nullptr};
  // Odd while armed, even once a write was announced; never returns to an old value.
  std::atomic<uint64_t> generation{0};
  Watch* next = nullptr;  // chain of the bucket; set once
  c10::weak_intrusive_ptr<c10::StorageImpl> alive{
      c10::intrusive_ptr<c10::StorageImpl>()};  // keeps the address from being reused
};

// A promise that `watch` was armed at `generation`.
struct Armed {
  Watch* watch = nullptr;
  uint64_t generation = 0;

  // No write was announced since, and the hook is still in place.
  bool holds(const c10::StorageImpl* storage) const noexcept;
};

// Arms the storage, or joins the arming in force. `watch` is null when another owner
// (copy-on-write) holds the hook. Callers serialise arm() and disarm() by one mutex; the hook takes
// none.
Armed arm(const c10::intrusive_ptr<c10::StorageImpl>& storage);

// Takes our hook off and counts as a write. Nothing happens to a storage we did not arm.
void disarm(c10::StorageImpl* storage) noexcept;

}  // namespace stoker::aten
