// The epilogues of the kernels in torch's own operators: what they mean, and what of them a row
// leaves to be done.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "jit/phases/epilogue.h"

namespace stoker::aten {

// Throws where the numbers that `op` was given for them mean nothing.
void check_epilogue(const char* op, int64_t activation, int64_t combine,
                    const std::optional<at::Tensor>& other);

// `x` after the epilogue; `other` where it combines. Its element type is not looked at.
at::Tensor apply_epilogue(const jit::Epilogue& epilogue, const at::Tensor& x,
                          const at::Tensor* other);

// The same in place, of a tensor that nobody else has.
void apply_epilogue_(const jit::Epilogue& epilogue, at::Tensor& x, const at::Tensor* other);

// What is left of `whole` when `part` of it was done: its first step or its first two.
jit::Epilogue rest_of(const jit::Epilogue& whole, const jit::Epilogue& part);

}  // namespace stoker::aten
