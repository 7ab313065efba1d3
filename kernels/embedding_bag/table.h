// The rows of embedding bags and the choice among them.
#pragma once

#include "kernels/embedding_bag/embedding_bag.h"
#include "kernels/select.h"

namespace stoker::kernels::embedding_bag {

// What matters for the speed, and the word for it in calibration files: "padded" (any mode, with an
// index that stands for no row), "tracked" (a sum, scaled or not, of a weight that requires grad,
// as those of modules do), "scaled" (a sum, each row by a number of its own), "sum", "mean", "max".
// Stock has fast kernels for sums alone, and does more around those that are tracked.
const char* kind_of(const Bags& bags) noexcept;

// The row for `bags`, or why stock does it. A pure function; never throws.
Selection select(const Bags& bags, jit::Isa isa, const Calibration& calibration,
                 Policy policy) noexcept;

}  // namespace stoker::kernels::embedding_bag
