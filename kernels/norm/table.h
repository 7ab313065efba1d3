// The rows of normalizations and the choice among them.
#pragma once

#include "kernels/norm/norm.h"
#include "kernels/select.h"

namespace stoker::kernels::norm {

// The word for it in calibration files: "layer", "rms", "add_layer", "add_rms".
const char* kind_of(const Call& call) noexcept;

// The row for `call`, or why stock does it. A pure function; never throws.
Selection select(const Call& call, jit::Isa isa, const Calibration& calibration,
                 Policy policy) noexcept;

}  // namespace stoker::kernels::norm
