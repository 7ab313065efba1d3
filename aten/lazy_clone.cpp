// aten::_lazy_clone needs the write hook for itself and asserts that it is free: ours goes first.
#include <ATen/core/Tensor.h>
#include <ATen/ops/_lazy_clone_compositeexplicitautograd_dispatch.h>

#include "aten/packed_weights.h"
#include "aten/register.h"

namespace stoker::aten {
namespace {

at::Tensor lazy_clone(const at::Tensor& self) {
  if (self.has_storage()) disarm_storage(self.storage().unsafeGetStorageImpl());
  return at::compositeexplicitautograd::_lazy_clone(self);
}

}  // namespace

void register_lazy_clone(torch::Library& cpu) { cpu.impl("_lazy_clone", TORCH_FN(lazy_clone)); }

}  // namespace stoker::aten
