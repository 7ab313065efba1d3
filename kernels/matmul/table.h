// The rows of batched products.
#pragma once

#include <span>

#include "kernels/select.h"

namespace stoker::kernels::matmul {

// Best first. Which of them beats stock, and where, is the calibration's to say.
std::span<const Row> rows() noexcept;

}  // namespace stoker::kernels::matmul
