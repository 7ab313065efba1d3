// torch's own policy for one operator: casts, then dispatches below autocast.
#pragma once

#include <ATen/autocast_mode.h>

#define STOCK_POLICY(name)                                                                    \
  (at::autocast::WrapFunction<at::autocast::CastPolicy::lower_precision_fp, at::kCPU,         \
                              decltype(at::_ops::name::call), decltype(at::_ops::name::call), \
                              &at::_ops::name::call>::type::call)
