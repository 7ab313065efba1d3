"""Every way to write a weight. Each takes (module, weight) and returns the weight to use next."""

from __future__ import annotations

import torch

EVENTS = {}


def event(function):
    EVENTS[function.__name__] = function
    return function


def _in_place(name, write):
    def apply(module, weight):
        write(weight)
        return weight

    EVENTS[name] = apply


def other(weight, seed=7):
    return torch.randn(weight.shape, generator=torch.Generator().manual_seed(seed)).to(weight.dtype)


_in_place("mul_", lambda w: w.mul_(2))
_in_place("copy_", lambda w: w.copy_(other(w)))
_in_place("setitem", lambda w: w.__setitem__((3, 5), 9.0))
_in_place("add_out", lambda w: torch.add(w.detach(), 1, out=w.detach()))
_in_place("init", lambda w: torch.nn.init.uniform_(w))
_in_place("data_add_", lambda w: w.data.add_(1))
_in_place("data_setitem", lambda w: w.data.__setitem__(0, 4.0))
_in_place("storage_fill_", lambda w: w.untyped_storage().fill_(0))


@event
def storage_setitem(module, weight):
    # The exponent of the first element: lower bits may vanish when bfloat16 rounds the product.
    storage, high = weight.untyped_storage(), weight.itemsize - 1
    storage[high] = storage[high] ^ 1
    return weight


_in_place("storage_copy_", lambda w: w.untyped_storage().copy_(other(w).untyped_storage()))
_in_place("detach_add_", lambda w: w.detach().add_(1))
_in_place("view_zero_", lambda w: w.view(-1)[:7].zero_())
_in_place("transposed_mul_", lambda w: w.t().mul_(3))
_in_place("row_slice_copy_", lambda w: w.data[:].copy_(other(w)))
_in_place("share_memory_", lambda w: w.share_memory_().data.mul_(2))
_in_place("set_", lambda w: w.set_(other(w)))
_in_place("param_data", lambda w: setattr(w, "data", other(w)))


@event
def numpy_view(module, weight):
    if weight.dtype != torch.bfloat16:  # numpy has none
        weight.detach().numpy()[0, 0] = 5
    else:
        weight.detach().view(torch.int16).numpy()[0, 0] = 16384
    return weight


@event
def dlpack(module, weight):
    torch.from_dlpack(weight.detach()).add_(1)
    return weight


@event
def resize_to_nothing_and_back(module, weight):
    storage, content = weight.untyped_storage(), other(weight)
    nbytes = storage.nbytes()
    if storage.resizable():
        storage.resize_(0)
        storage.resize_(nbytes)
    weight.data.copy_(content)
    return weight


def _lazy_clone(weight):
    """None where torch itself cannot: its copy-on-write crashes on foreign storages."""
    return torch._lazy_clone(weight) if weight.untyped_storage().resizable() else None


@event
def lazy_clone_write_clone(module, weight):
    clone = _lazy_clone(weight)
    used = weight if clone is None else clone
    used.mul_(2)
    return used


@event
def lazy_clone_write_weight(module, weight):
    kept = _lazy_clone(weight)
    weight.mul_(2)
    del kept
    return weight


@event
def inference_mode_write(module, weight):
    with torch.inference_mode():
        weight.mul_(2)
    return weight


@event
def load_state_dict(module, weight):
    module.load_state_dict({"weight": other(weight)}, strict=False)
    return module.weight


@event
def load_state_dict_assign(module, weight):
    module.load_state_dict({"weight": other(weight)}, strict=False, assign=True)
    return module.weight


@event
def new_parameter(module, weight):
    module.weight = torch.nn.Parameter(other(weight))
    return module.weight


@event
def vector_to_parameters(module, weight):
    torch.nn.utils.vector_to_parameters(other(weight).view(-1), [weight])
    return weight


@event
def swap_tensors(module, weight):
    torch.utils.swap_tensors(weight, torch.nn.Parameter(other(weight)))
    return weight


def _step(optimizer, **options):
    def apply(module, weight):
        weight.grad = torch.ones_like(weight)
        optimizer([weight], lr=0.1, **options).step()
        weight.grad = None
        return weight

    return apply


EVENTS["sgd"] = _step(torch.optim.SGD)
EVENTS["sgd_fused"] = _step(torch.optim.SGD, fused=True)
EVENTS["adam"] = _step(torch.optim.Adam)
EVENTS["adam_fused"] = _step(torch.optim.Adam, fused=True)
EVENTS["adamw_fused"] = _step(torch.optim.AdamW, fused=True)

# Autograd refuses these on tensors made in inference mode, or they need a module's parameter.
NOT_ON_INFERENCE_TENSORS = {
    "sgd", "sgd_fused", "adam", "adam_fused", "adamw_fused", "swap_tensors", "param_data", "set_",
    "vector_to_parameters",
}  # fmt: skip
