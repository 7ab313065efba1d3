// Whose memory is it? Only memory that nobody can write behind torch's back may be packed.
#pragma once

#include <c10/core/StorageImpl.h>

namespace stoker::aten {

struct Provenance {
  const char* refusal = nullptr;       // why this memory may not be packed, or null
  c10::StorageImpl* parent = nullptr;  // storage this one is a slice of: writes to it count too
};

// Decided by the deleter of the storage's DataPtr. A slice of a private file mapping is looked up
// in /proc/self/maps: call it once per pack, not per use.
Provenance provenance(const c10::StorageImpl& storage, bool pack_mapped);

// Teaches the deleter of storage slices (UntypedStorage[a:b], private to libtorch_python) from one
// example made at start.
void learn_slice_deleter(const c10::StorageImpl& example) noexcept;

}  // namespace stoker::aten
