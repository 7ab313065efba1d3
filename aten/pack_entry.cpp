#include "aten/pack_entry.h"

#include <ATen/ops/from_blob.h>

#include <cstring>

namespace stoker::aten {
namespace {

const c10::StorageImpl* storage_of(const Source& source) {
  return source.tensor->storage().unsafeGetStorageImpl();
}

int64_t version_of(const at::Tensor& tensor) {
  return tensor.is_inference() ? -1 : static_cast<int64_t>(tensor._version());
}

const char* first_byte(const Source& source) {
  return static_cast<const char*>(storage_of(source)->data()) +
         source.tensor->storage_offset() * static_cast<int64_t>(source.tensor->itemsize());
}

// A view is made for the call; the weight is its base.
size_t references_to(const at::Tensor& tensor) {
  return tensor.is_view() ? tensor._base().use_count() : tensor.use_count();
}

uint64_t mix(uint64_t hash, uint64_t value) noexcept {
  return (hash ^ value) * 0x9E3779B97F4A7C15ull + (hash >> 29);
}

}  // namespace

PackKey key_of(const PackRequest& request) {
  PackKey key{request.recipe, {}, request.variant};
  for (const Source& s : request.sources) {
    key.parts.push_back({storage_of(s), s.tensor->storage_offset(), s.rows, s.cols, s.row_stride,
                         s.col_stride, s.tensor->scalar_type()});
  }
  return key;
}

size_t PackKeyHash::operator()(const PackKey& key) const noexcept {
  uint64_t hash = static_cast<uint64_t>(key.recipe);
  for (const PackKey::Part& part : key.parts) {
    hash = mix(hash, reinterpret_cast<uintptr_t>(part.storage));
    hash = mix(hash, static_cast<uint64_t>(part.offset));
    hash = mix(hash, static_cast<uint64_t>(part.rows * 31 + part.row_stride));
  }
  for (const int64_t value : key.variant) hash = mix(hash, static_cast<uint64_t>(value));
  return hash ^ (hash >> 32);
}

bool PackEntry::expired() const {
  for (size_t i = 0; i < source_count; ++i) {
    if (sources[i].storage.expired()) return true;
  }
  return false;
}

bool PackEntry::proves(const PackRequest& request) const {
  for (size_t i = 0; i < source_count; ++i) {
    const SourceState& state = sources[i];
    const c10::StorageImpl* storage = storage_of(request.sources[i]);
    if (storage->data() != state.data || storage->nbytes() != state.nbytes ||
        version_of(*request.sources[i].tensor) != state.version || !state.armed.holds(storage) ||
        (state.parent != nullptr && !state.parent_armed.holds(state.parent))) {
      return false;
    }
  }
  return true;
}

void PackEntry::count_references(const PackRequest& request) {
  for (size_t i = 0; i < request.sources.size(); ++i) {
    size_t& least = sources[i].least_references;
    least = std::min(least, references_to(*request.sources[i].tensor));
  }
}

bool PackEntry::more_references(const PackRequest& request) const {
  for (size_t i = 0; i < request.sources.size(); ++i) {
    if (references_to(*request.sources[i].tensor) > sources[i].least_references) return true;
  }
  return false;
}

void PackEntry::remember(const PackRequest& request) {
  source_count = request.sources.size();
  bytes = request.bytes;
  for (size_t i = 0; i < source_count; ++i) {
    const Source& source = request.sources[i];
    SourceState& state = sources[i];
    state.storage =
        c10::weak_intrusive_ptr<c10::StorageImpl>(source.tensor->storage().getWeakStorageImpl());
    state.data = storage_of(source)->data();
    state.nbytes = storage_of(source)->nbytes();
    state.version = version_of(*source.tensor);
    state.armed = state.parent_armed = Armed{};
    state.parent = nullptr;
  }
}

void PackEntry::drop_pack() {
  packed.reset();
  checksum_due = false;
}

uint64_t checksum_of(const PackRequest& request) {
  uint64_t sum = 0;
  for (const Source& source : request.sources) {
    // Weights are dense matrices, either way round: their bytes are one block.
    const char* data = first_byte(source);
    const size_t nbytes =
        static_cast<size_t>(source.rows * source.cols) * source.tensor->itemsize();
    uint64_t word = 0;
    for (size_t i = 0; i < nbytes; i += sizeof(word)) {
      word = 0;
      std::memcpy(&word, data + i, std::min(sizeof(word), nbytes - i));
      sum = mix(sum, word);
    }
  }
  return sum;
}

at::Tensor private_alias(const Source& source) {
  void* data = const_cast<char*>(first_byte(source));  // read only: from_blob has no const form
  return at::from_blob(data, {source.rows, source.cols}, {source.row_stride, source.col_stride},
                       at::TensorOptions().dtype(source.tensor->scalar_type()));
}

}  // namespace stoker::aten
