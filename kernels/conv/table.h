// The rows of convolutions that need no library.
#pragma once

#include <span>

#include "kernels/select.h"

namespace stoker::kernels::conv {

// Best first. Which of them beats stock, and where, is the calibration's to say.
std::span<const Row> rows() noexcept;

}  // namespace stoker::kernels::conv
