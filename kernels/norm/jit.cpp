#include "kernels/norm/jit.h"

#include <algorithm>

namespace stoker::kernels::norm {
namespace {

// A thread with less to do (about 5 us) costs more to wake than it saves.
constexpr int64_t kElementsPerThread = 32 << 10;

}  // namespace

bool run_jit(const Call& call, jit::Isa isa, const Parallel& parallel) noexcept {
  const bool own_conversion = call.type == DataType::kBFloat16;
  const jit::NormKernel kernel = jit::get_norm(
      {.isa = std::min(isa, own_conversion ? jit::Isa::kAvx512Bf16 : jit::Isa::kAvx512),
       .kind = call.kind,
       .element = element_of(call.type),
       .scale = element_of(call.weight_type),
       .adds = call.other != nullptr,
       .weighted = call.weight != nullptr,
       .biased = call.bias != nullptr});
  if (kernel == nullptr) return false;
  const int64_t threads = std::min<int64_t>(std::max(parallel.threads, 1),
                                            1 + call.rows * call.columns / kElementsPerThread);
  const int64_t tasks = std::min(threads, call.rows);
  const int64_t row_bytes = call.columns * jit::element_bytes(element_of(call.type));
  parallel.for_each_range(tasks, [&](int64_t begin, int64_t end) {
    const int64_t first = call.rows * begin / tasks, last = call.rows * end / tasks;
    const int64_t skip = first * row_bytes;
    const auto at = [skip](const void* rows) { return static_cast<const char*>(rows) + skip; };
    const jit::NormArgs args{.x = at(call.x),
                             .other = call.other ? at(call.other) : nullptr,
                             .sum = call.other ? static_cast<char*>(call.sum) + skip : nullptr,
                             .out = static_cast<char*>(call.out) + skip,
                             .weight = call.weight,
                             .bias = call.bias,
                             .rows = last - first,
                             .columns = call.columns,
                             .count = static_cast<float>(call.columns),
                             .eps = call.eps};
    kernel(&args);
  });
  return true;
}

}  // namespace stoker::kernels::norm
