#include "aten/gate.h"

#include <c10/core/impl/TorchDispatchModeTLS.h>

#include "aten/numerics.h"
#include "aten/recorded_composites.h"
#include "aten/torch_private.h"

namespace stoker::aten {

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
