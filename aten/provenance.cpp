#include "aten/provenance.h"

#include <c10/core/CPUAllocator.h>

#include <atomic>
#include <charconv>
#include <fstream>
#include <string>

namespace stoker::aten {
namespace {

std::atomic<c10::DeleterFnPtr> slice_deleter{nullptr};

c10::DeleterFnPtr allocator_deleter() {
  static const c10::DeleterFnPtr deleter = c10::GetCPUAllocator()->allocate(64).get_deleter();
  return deleter;
}

// One line of /proc/self/maps (proc(5)): "begin-end perms offset dev inode path".
bool line_covers_private_file(const std::string& line, uintptr_t begin, uintptr_t end) {
  const char* text = line.data();
  const char* stop = text + line.size();
  uintptr_t from = 0, to = 0, unused = 0, inode = 0;
  auto at = std::from_chars(text, stop, from, 16);
  if (at.ec != std::errc() || *at.ptr != '-') return false;
  at = std::from_chars(at.ptr + 1, stop, to, 16);
  if (at.ec != std::errc() || begin < from || end > to || stop - at.ptr < 6) return false;
  const bool is_private = at.ptr[4] == 'p';
  at = std::from_chars(at.ptr + 6, stop, unused, 16);
  const size_t device_end = line.find(' ', static_cast<size_t>(at.ptr - text) + 1);
  if (device_end == std::string::npos) return false;
  std::from_chars(text + device_end + 1, stop, inode);
  return is_private && inode != 0;
}

bool in_private_file_mapping(const void* data, size_t nbytes) {
  const auto begin = reinterpret_cast<uintptr_t>(data);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line_covers_private_file(line, begin, begin + nbytes)) return true;
  }
  return false;
}

}  // namespace

Provenance provenance(const c10::StorageImpl& storage, bool pack_mapped) {
  const c10::DeleterFnPtr deleter = storage.data_ptr().get_deleter();
  if (deleter == allocator_deleter()) return {};
  if (deleter == nullptr || deleter != slice_deleter.load(std::memory_order_acquire)) {
    return {"weight memory is not torch's own (numpy, DLPack, shared or foreign)"};
  }
  if (!pack_mapped) return {"weight is mapped from a file and STOKER_PACK_MAPPED=0"};
  if (!in_private_file_mapping(storage.data(), storage.nbytes())) {
    return {"weight is a slice of memory that is not a private file mapping"};
  }
  return {nullptr, static_cast<c10::StorageImpl*>(storage.data_ptr().get_context())};
}

void learn_slice_deleter(const c10::StorageImpl& example) noexcept {
  slice_deleter.store(example.data_ptr().get_deleter(), std::memory_order_release);
}

}  // namespace stoker::aten
