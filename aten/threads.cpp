#include "aten/threads.h"

#include <ATen/Parallel.h>

namespace stoker::aten {

kernels::Parallel torch_threads() {
  const auto run = [](int64_t tasks, void (*body)(void*, int64_t, int64_t), void* state) {
    at::parallel_for(0, tasks, 1, [&](int64_t begin, int64_t end) { body(state, begin, end); });
  };
  return {at::in_parallel_region() ? 1 : at::get_num_threads(), run};
}

}  // namespace stoker::aten
