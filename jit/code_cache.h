// Generated kernels by configuration. Kernels live as long as the process: they are few and small.
#pragma once

#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace stoker::jit {

// Config is hashable (Config::Hash) and comparable; Function is a pointer to generated code.
template <class Config, class Function>
class CodeCache {
 public:
  // The kernel for `config`, made by `generate` at the first call. Null when generating it failed,
  // then and ever after: the caller declines. Thread-safe; generates outside the lock, so two
  // threads may generate the same kernel and one of the two stays unused.
  template <class Generate>
  Function get(const Config& config, const Generate& generate) noexcept {
    try {
      {
        const std::shared_lock lock(mutex_);
        const auto found = kernels_.find(config);
        if (found != kernels_.end()) return found->second;
      }
      const Function made = generate_or_null(config, generate);
      const std::unique_lock lock(mutex_);
      return kernels_.emplace(config, made).first->second;
    } catch (...) {  // no memory for the map's node
      return nullptr;
    }
  }

 private:
  template <class Generate>
  static Function generate_or_null(const Config& config, const Generate& generate) noexcept {
    try {
      return generate(config);
    } catch (...) {
      return nullptr;
    }
  }

  std::shared_mutex mutex_;
  std::unordered_map<Config, Function, typename Config::Hash> kernels_;
};

}  // namespace stoker::jit
