// What main() registers.
#pragma once

#include <vector>

#include "bench/micro/shapes.h"

namespace stoker::bench {

// linear/ROW/SHAPE/M/cold: every row of kernels::linear that this CPU runs, on every shape; and
// .../warm where the packed weight fits half of L3.
void register_linear(const std::vector<Shape>& shapes);

// generate/KERNEL: how long writing a kernel takes, and how long it is.
void register_generation();

}  // namespace stoker::bench
