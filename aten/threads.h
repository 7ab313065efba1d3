// torch's own threads for kernels.
#pragma once

#include "kernels/parallel.h"

namespace stoker::aten {

// As many as torch.set_num_threads allows; one inside a parallel region.
kernels::Parallel torch_threads();

}  // namespace stoker::aten
