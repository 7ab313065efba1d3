#include "aten/torch_private.h"

#include <ATen/native/ConvUtils.h>
#include <c10/core/AutogradState.h>
#include <caffe2/core/common.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/forward_grad.h>

namespace stoker::aten::torch_private {

bool autograd_engine_running() noexcept {
  return torch::autograd::get_current_graph_task_id() >= 0;
}

bool forward_ad_active() { return torch::autograd::ForwardADLevel::try_get_by_idx(0) != nullptr; }

bool inside_autograd_function() noexcept {
  const c10::AutogradState& state = c10::AutogradState::get_tls_state();
  return !state.get_fw_grad_mode() && !state.get_inference_mode();
}

std::optional<at::MemoryFormat> convolution_format(const at::Tensor& input,
                                                   const at::Tensor& weight, at::IntArrayRef stride,
                                                   at::IntArrayRef padding,
                                                   at::IntArrayRef dilation, int64_t groups,
                                                   bool transposed, at::IntArrayRef output_padding,
                                                   bool groups_agree) {
  using at::native::ConvBackend;
  const ConvBackend backend = at::native::select_conv_backend(
      input, weight, std::nullopt, c10::fromIntArrayRefSlow(stride),
      c10::fromIntArrayRefSlow(padding), c10::fromIntArrayRefSlow(dilation), transposed,
      c10::fromIntArrayRefSlow(output_padding), groups, std::nullopt);
  switch (backend) {
    case ConvBackend::Mkldnn:
    case ConvBackend::MkldnnTranspose:
      break;
    case ConvBackend::Slow2d:
    case ConvBackend::SlowDilated2d:
      if (groups == 1 || groups_agree) break;  // of several it puts the results together
      return std::nullopt;
    case ConvBackend::Slow3d:
    case ConvBackend::SlowDilated3d:
    case ConvBackend::SlowTranspose2d:
    case ConvBackend::SlowTranspose3d:
      if (groups == 1) break;
      return std::nullopt;
    default:
      return std::nullopt;
  }
  // Lines become contiguous images of height one, whatever their strides were.
  if (input.dim() == 3) return at::MemoryFormat::Contiguous;
  return at::native::_determine_backend_memory_format(input, weight, backend);
}

bool has_python_object(const at::Tensor& tensor) noexcept {
  return tensor.unsafeGetTensorImpl()->pyobj_slot()->load_pyobj() != nullptr;
}

std::string torch_version() {
  const auto& options = caffe2::GetBuildOptions();
  const auto found = options.find("TORCH_VERSION");
  return found == options.end() ? "unknown" : found->second;
}

void set_write_hook(c10::StorageImpl* storage, WriteHook hook) { storage->set_materializer(hook); }

void clear_write_hook(c10::StorageImpl* storage) { storage->clear_materializer(); }

bool has_write_hook(const c10::StorageImpl* storage) noexcept {
  return storage->has_materializer();
}

int64_t holders(const c10::Storage& storage) {
  const bool wrapped = storage.unsafeGetStorageImpl()->pyobj_slot()->load_pyobj() != nullptr;
  return static_cast<int64_t>(storage.use_count()) - (wrapped ? 1 : 0);
}

}  // namespace stoker::aten::torch_private
