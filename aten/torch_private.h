// Everything Stoker uses of torch that is not promised to stay; each has a test in tests/contract.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/StorageImpl.h>

#include <optional>
#include <string>

namespace stoker::aten::torch_private {

// Inside backward(), where grad mode is off but products belong to autograd.
bool autograd_engine_running() noexcept;

// True while any forward-mode AD level is open: tangent products run on plain tensors.
bool forward_ad_active();

// torch runs the forward of an autograd.Function (reentrant checkpoint is one) with both grad modes
// off; no_grad alone leaves the forward-mode one on, and inference_mode says so itself.
bool inside_autograd_function() noexcept;

// The memory format in which stock gives the result of a convolution, and to which it brings the
// input; none where it runs a kernel whose result it does not describe. Its plain loops compute
// groups one by one: `groups_agree` says that the results of all have the format of the images.
// Throws where stock would.
std::optional<at::MemoryFormat> convolution_format(const at::Tensor& input,
                                                   const at::Tensor& weight, at::IntArrayRef stride,
                                                   at::IntArrayRef padding,
                                                   at::IntArrayRef dilation, int64_t groups,
                                                   bool transposed, at::IntArrayRef output_padding,
                                                   bool groups_agree);

// False for temporaries of C++ code, which no Python program can hold.
bool has_python_object(const at::Tensor& tensor) noexcept;

// The version torch was built as, "2.13.0": from the library itself, not from its headers.
std::string torch_version();

using WriteHook = void (*)(c10::StorageImpl*);

// torch's one-shot hook, called before any mutable pointer of the storage is handed out.
void set_write_hook(c10::StorageImpl* storage, WriteHook hook);
void clear_write_hook(c10::StorageImpl* storage);
bool has_write_hook(const c10::StorageImpl* storage) noexcept;

// Tensors (and arrays made from tensors) that hold the storage; its Python wrapper is not one.
int64_t holders(const c10::Storage& storage);

}  // namespace stoker::aten::torch_private
