// Below the autograd key the views such an operator makes of its operands carry no requires_grad,
// and the dispatch key sets of inner calls are those of a product nobody records. So the operators
// themselves mark the thread; their kernels stay torch's. The list was read off torch's own samples
// (tests/operators/test_recorded.py finds any that is missing).
#include "aten/recorded_composites.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/GradMode.h>
#include <torch/library.h>

#include <algorithm>
#include <map>

#include "aten/register.h"

namespace stoker::aten {
namespace {

constexpr std::pair<const char*, const char*> kComposites[] = {
    {"_trilinear", ""},                   // bilinear: bmm
    {"_cdist_forward", ""},               // mm, bmm through the Euclidean distance
    {"_euclidean_dist", ""},              // mm, bmm
    {"linalg_matrix_exp", ""},            // bmm.out
    {"linalg_pinv", "atol_rtol_tensor"},  // mm, bmm
};

thread_local bool recorded = false;

class Recording {
 public:
  explicit Recording(bool now) : before_(recorded) { recorded = before_ || now; }
  ~Recording() { recorded = before_; }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

 private:
  bool before_;
};

using Kernels = std::map<c10::OperatorName, c10::SafeKernelFunction,
                         bool (*)(const c10::OperatorName&, const c10::OperatorName&)>;

bool by_text(const c10::OperatorName& a, const c10::OperatorName& b) {
  return std::tie(a.name, a.overload_name) < std::tie(b.name, b.overload_name);
}

// What ran before we registered; filled by register_recorded_composites() alone.
Kernels& stock_kernels() {
  static Kernels* const kernels = new Kernels(by_text);  // leaked: may outlive static destructors
  return *kernels;
}

void mark_and_run(const c10::OperatorHandle& op, c10::DispatchKeySet keys, c10::Stack* stack) {
  const auto arguments = torch::jit::last(*stack, op.schema().arguments().size());
  const bool now =
      c10::GradMode::is_enabled() &&
      std::any_of(arguments.begin(), arguments.end(), [](const c10::IValue& value) {
        return value.isTensor() && value.toTensor().defined() && value.toTensor().requires_grad();
      });
  const Recording recording(now);
  stock_kernels().at(op.operator_name()).callBoxed(op, keys, stack);
}

}  // namespace

bool inside_recorded_composite() noexcept { return recorded; }

void register_recorded_composites(torch::Library& cpu) {
  for (const auto& [op, overload] : kComposites) {
    const auto handle =
        c10::Dispatcher::singleton().findSchema({std::string("aten::") + op, overload});
    if (!handle || !may_override(op, overload, c10::DispatchKey::CPU)) continue;
    stock_kernels().emplace(handle->operator_name(),
                            handle->getComputedKernelForDispatchKey(c10::DispatchKey::CPU));
    const std::string name = *overload ? std::string(op) + "." + overload : op;
    cpu.impl(name.c_str(), torch::CppFunction::makeFromBoxedFunction<&mark_and_run>());
  }
}

}  // namespace stoker::aten
