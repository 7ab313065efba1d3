// Generated kernels by configuration. Kernels live as long as the process: they are few and small.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>

namespace stoker::jit {

// The FNV-1a hash of a configuration's bytes (Fowler, Noll and Vo, 1991).
template <class Config>
struct BytesHash {
  static_assert(std::has_unique_object_representations_v<Config>);
  size_t operator()(const Config& config) const noexcept {
    uint64_t hash = 0xCBF29CE484222325;
    unsigned char bytes[sizeof(Config)];
    std::memcpy(bytes, &config, sizeof bytes);
    for (const unsigned char byte : bytes) hash = (hash ^ byte) * 0x100000001B3;
    return static_cast<size_t>(hash);
  }
};

// Config is a struct of bytes without gaps, and comparable; Function is a pointer to generated
// code. Without locks: lists that only grow. A lock held by another thread at a fork would stay
// locked in the child for ever.
template <class Config, class Function>
class CodeCache {
 public:
  // The kernel for `config`, made by `generate` at the first call. Null when generating it failed,
  // then and ever after: the caller declines. Thread-safe; when two threads generate the same
  // kernel at once, one of the two stays unused.
  template <class Generate>
  Function get(const Config& config, const Generate& generate) noexcept {
    std::atomic<Node*>& head = lists_[BytesHash<Config>()(config) % kLists];
    for (const Node* node = head.load(std::memory_order_acquire); node; node = node->next) {
      if (node->config == config) return node->function;
    }
    const Function made = generate_or_null(config, generate);
    Node* node = new (std::nothrow) Node{config, made, head.load(std::memory_order_relaxed)};
    while (node && !head.compare_exchange_weak(node->next, node, std::memory_order_release,
                                               std::memory_order_relaxed)) {
    }
    return made;
  }

 private:
  struct Node {
    Config config;
    Function function;
    Node* next;
  };
  static constexpr size_t kLists = 251;

  template <class Generate>
  static Function generate_or_null(const Config& config, const Generate& generate) noexcept {
    try {
      return generate(config);
    } catch (...) {
      return nullptr;
    }
  }

  std::array<std::atomic<Node*>, kLists> lists_{};
};

}  // namespace stoker::jit
