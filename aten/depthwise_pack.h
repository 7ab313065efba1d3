// The packed weight of depthwise convolutions on generated kernels.
#pragma once

#include "aten/convolution_rows.h"
#include "aten/packed_weights.h"

namespace stoker::aten {

// From the cache: the weight as kernels::conv::DepthwiseLayout lays it for this CPU, rounded to the
// type of the multiplication, with the norm folded in. Refused when it is not finite.
Packed packed_depthwise(const Convolution& convolution);

}  // namespace stoker::aten
