#include "aten/gate.h"

#include <c10/core/GradMode.h>
#include <c10/core/impl/TorchDispatchModeTLS.h>

#include "aten/numerics.h"
#include "aten/recorded_composites.h"
#include "aten/torch_private.h"

namespace stoker::aten {
namespace {

using c10::DispatchKey;
using c10::DispatchKeySet;

// Keys a plain CPU tensor may carry. Anything more (Python, Conjugate, Negative, ZeroTensor,
// Sparse, Quantized, Mkldnn, Nested, Functionalize, functorch wrappers, other devices) has other
// semantics.
const DispatchKeySet kPlainKeys =
    DispatchKeySet(DispatchKey::CPU) | DispatchKeySet(DispatchKey::AutogradCPU) |
    DispatchKeySet(DispatchKey::ADInplaceOrView) | DispatchKeySet(DispatchKey::AutocastCPU);

}  // namespace

const char* gate_operands(const Operands& operands) noexcept {
  const bool grad_mode = c10::GradMode::is_enabled();
  for (const at::Tensor* operand : operands.tensors) {
    const at::Tensor& tensor = *operand;
    const DispatchKeySet keys = tensor.key_set();
    if (!keys.has(DispatchKey::CPU) || (keys.raw_repr() & ~kPlainKeys.raw_repr()) != 0) {
      return "operand is not a plain dense CPU tensor";
    }
    if (grad_mode && tensor.requires_grad()) return "autograd is recording";
  }
  return nullptr;
}

const char* gate_context() {
  if (c10::impl::dispatch_mode_enabled()) return "a dispatch mode is active";
  if (torch_private::autograd_engine_running()) return "autograd's engine is running";
  if (torch_private::inside_autograd_function()) {
    return "inside the forward of an autograd.Function";
  }
  if (inside_recorded_composite()) return "inside an operator that autograd records as one";
  if (torch_private::forward_ad_active()) return "forward-mode AD is active";
  return precision_switches();
}

}  // namespace stoker::aten
