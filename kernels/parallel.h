// How kernels run in parallel without knowing torch: whoever calls them brings the threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

namespace stoker::kernels {

// Runs body(state, begin, end) over disjoint ranges that together are [0, tasks), perhaps on
// several threads, and returns when all are done; what a body throws is thrown again.
struct Parallel {
  int threads = 1;
  void (*run)(int64_t tasks, void (*body)(void* state, int64_t begin, int64_t end),
              void* state) = nullptr;

  // With no more threads than so many multiplications are worth: one with fewer than 2^19 (about
  // 5 us) costs more to wake than it saves.
  Parallel enough_for(int64_t macs) const {
    constexpr int64_t kMacsPerThread = 1 << 19;
    return {static_cast<int>(std::min<int64_t>(threads, 1 + macs / kMacsPerThread)), run};
  }

  // `function(begin, end)`; on the calling thread when there is nothing to gain.
  template <class Function>
  void for_each_range(int64_t tasks, Function&& function) const {
    if (threads <= 1 || tasks <= 1 || run == nullptr) {
      function(int64_t{0}, tasks);
      return;
    }
    run(
        tasks,
        [](void* state, int64_t begin, int64_t end) {
          (*static_cast<std::remove_reference_t<Function>*>(state))(begin, end);
        },
        &function);
  }
};

}  // namespace stoker::kernels
