// The public C++ API of libstoker.so. Loading or linking the library activates it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#define STOKER_API __attribute__((visibility("default")))

namespace stoker {

struct STOKER_API OperatorStatus {
  std::map<std::string, uint64_t> rows;      // calls taken, by row
  std::map<std::string, uint64_t> declined;  // calls left to stock, by reason
};

struct STOKER_API Status {
  bool active = false;
  std::string why;  // why not active, empty otherwise
  std::string torch, isa, cpu, calibration;
  std::string calibration_file;  // where `stoker calibrate` writes; may not exist
  std::map<std::string, OperatorStatus> operators;
  std::map<std::string, int64_t> packed;  // entries, bytes, budget, packs, drops, evictions
};

STOKER_API Status status();

// What each operator and each packed weight is doing and why, as text.
STOKER_API std::string explain();

// Turns every override on or off; thread-safe. enable() throws std::runtime_error with the reason
// where Stoker cannot run (wrong torch, CPU without AVX2).
STOKER_API void enable();
STOKER_API void disable() noexcept;

// Takes the overrides out of the dispatcher and frees all packs. Only while no other thread runs
// operators: dispatch tables are not synchronised. enable() registers again.
STOKER_API void unregister();

STOKER_API void reset_counters() noexcept;

}  // namespace stoker

extern "C" {
// For the Python entry point, which loads the library without a binding.
STOKER_API const char* stoker_why() noexcept;  // "" when active
STOKER_API void stoker_learn_slice_deleter(void* storage_impl) noexcept;
STOKER_API void stoker_sweep() noexcept;  // frees packs of dead weights
}
