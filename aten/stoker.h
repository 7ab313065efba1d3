// The public C++ API of libstoker.so. Loading or linking the library activates it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#define STOKER_API __attribute__((visibility("default")))

namespace stoker {

struct STOKER_API OperatorStatus {
  std::map<std::string, uint64_t> rows;      // calls taken, by row
  std::map<std::string, uint64_t> declined;  // calls left to stock, by reason
  // Wall time inside the operator; counted under STOKER_REPORT only.
  double seconds_taken = 0, seconds_declined = 0;
};

struct STOKER_API Status {
  bool active = false;
  std::string why;  // why not active, empty otherwise
  std::string torch, isa, cpu, calibration;
  std::string dtype;             // "float32" or "bfloat16": see set_dtype()
  std::string calibration_file;  // where `stoker calibrate` writes; may not exist
  // Rows of linear that this CPU can run, best first, for "float32", "bfloat16", "float16" tensors
  // and for float32 tensors in "bfloat16 mode".
  std::map<std::string, std::vector<std::string>> rows;
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
// operators: dispatch tables are not synchronised. enable() registers again. The operators of our
// own stay and mean the same.
STOKER_API void unregister();

STOKER_API void reset_counters() noexcept;

enum class Dtype { kFloat32, kBFloat16 };

// kBFloat16: below modules in eval mode (EvalScope), fp32 operands of products are rounded to bf16,
// sums stay fp32, results are fp32. Never what autograd records or runs. Throws std::runtime_error
// on a CPU without bf16 units unless `force`. Process-wide; kFloat32 is the default.
STOKER_API void set_dtype(Dtype dtype, bool force = false);
// May a graph keep tensors in bf16 between its operators, here and now? In bf16 mode, below a
// module in eval mode, on a CPU that multiplies bf16 faster than fp32 (or where any row is to run:
// tests).
STOKER_API bool bf16_regions() noexcept;
STOKER_API Dtype dtype() noexcept;

// Marks, on this thread, the call of a module in eval mode. C++ programs without nn.Module put one
// around their inference.
class STOKER_API EvalScope {
 public:
  EvalScope() noexcept;
  ~EvalScope();
  EvalScope(const EvalScope&) = delete;
  EvalScope& operator=(const EvalScope&) = delete;
};

}  // namespace stoker

extern "C" {
// For the Python entry point, which loads the library without a binding.
STOKER_API const char* stoker_why() noexcept;  // "" when active
STOKER_API void stoker_learn_slice_deleter(void* storage_impl) noexcept;
STOKER_API int stoker_enter_eval() noexcept;  // what EvalScope does; how many there were before
STOKER_API void stoker_leave_eval() noexcept;
// As many as there were: for callers that an interrupt may leave not knowing whether they entered.
STOKER_API void stoker_restore_eval(int depth) noexcept;
STOKER_API void stoker_sweep() noexcept;  // frees packs of dead weights
}
