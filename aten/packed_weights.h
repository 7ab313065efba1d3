// The one cache of packed weights. A pack is handed out only while it is provably the weight.
//
// Protocol: count the holders of every source's memory and arm its write hook, pack from a private
// alias, publish only if every source is still armed. A pack is valid while storage identity,
// geometry, data pointer, size and version are the same and no write was announced.
#pragma once

#include <ATen/core/Tensor.h>

#include <c10/util/SmallVector.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace stoker::aten {

// A folded bias has most: two norms of four tensors, the weight and the bias itself.
constexpr size_t kMaxSources = 10;

// How sources become a pack; part of the identity of an entry.
enum class Recipe : uint8_t {
  kOnednnLinear,
  kOnednnConv,
  kPanelsF32,
  kPanelsBf16,
  kPanelsF16,
  kDepthwise,
  kFoldedBias,
  kLstmF32,  // these of two weights, with a projection three
  kLstmBf16,
  kGruF32,
  kGruBf16,
  kRnnF32,
  kRnnBf16,
};

// What else a pack depends on: window, groups and the like; part of the identity too.
using PackVariant = c10::SmallVector<int64_t, 20>;

// A weight as the matrix [rows, cols] it is used as; strides in elements. `tensor` gives storage,
// offset, dtype and version.
struct Source {
  const at::Tensor* tensor = nullptr;
  int64_t rows = 0, cols = 0;
  int64_t row_stride = 0, col_stride = 0;
};

struct Packed {
  at::Tensor value;               // undefined when refused
  const char* refusal = nullptr;  // why, as a literal
};

struct PackRequest {
  Recipe recipe;
  std::span<const Source> sources;  // at most kMaxSources
  // Packs from plain tensors of the sources' geometry; what it returns shares no memory with them.
  Packed (*pack)(std::span<const at::Tensor> sources, const void* context);
  int64_t bytes;             // that the pack takes
  uint32_t sightings;        // calls with this weight before it is taken for one
  int64_t rows;              // rows of this call's product
  int64_t rows_before_pack;  // rows to see before a pack pays for itself
  PackVariant variant = {};
  const void* context = nullptr;  // for pack(), during this call
};

struct PackTotals {
  int64_t entries = 0;    // packs alive
  int64_t bytes = 0;      // their bytes
  int64_t budget = 0;     // the most they may take together
  int64_t packs = 0;      // ever made
  int64_t drops = 0;      // dropped because the weight was written or moved
  int64_t evictions = 0;  // dropped for lack of room, or for a pack of several weights with it
};

// Thread-safe. May run the packing and return a fresh pack, hand out a valid one, or refuse.
Packed get_packed(const PackRequest& request);

// Frees the packs of weights that died. Does nothing while another thread is in the cache.
void sweep_packed() noexcept;

// Frees every pack and takes every write hook off.
void drop_all_packed();

// Takes the write hook off one storage, for a kernel that cannot work with it; counts as a write.
void disarm_storage(c10::StorageImpl* storage);

PackTotals pack_totals();

// One line a weight: geometry, state, bytes, why not packed.
std::string explain_packed();

}  // namespace stoker::aten
