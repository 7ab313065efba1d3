// Convolutions of images that lie [channel, pixel], by kernels for rows of channels.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/conv/conv.h"
#include "kernels/parallel.h"
#include "kernels/scratch.h"

namespace stoker::kernels::conv {

// A few images at a time as rows [pixel, channel], and their results as images again.
class TurnedImages {
 public:
  TurnedImages(const ConvProblem& problem, const Operands& operands,
               const Parallel& parallel) noexcept;

  bool make() noexcept { return memory_.reserve(most_ * (x_bytes_ + y_bytes_)); }
  int64_t at_a_time() const noexcept { return most_; }

  // The same convolution of `count` images in rows.
  ConvProblem problem(int64_t count) const noexcept;
  // Its operands, of the images from `first` on.
  Operands turn(int64_t first, int64_t count) const noexcept;
  void turn_back(int64_t first, int64_t count) const noexcept;

 private:
  const ConvProblem& c_;
  const Operands& p_;
  const Parallel& parallel_;
  const int64_t x_bytes_, y_bytes_;  // of an image
  const int64_t most_;
  Scratch memory_;
};

// `run(problem, operands)` computes a convolution of images in rows. True when done; false, with Y
// undefined, when it fails or there is no memory.
template <class Run>
bool run_turned(const ConvProblem& problem, const Operands& operands, const Parallel& parallel,
                Run&& run) {
  TurnedImages images(problem, operands, parallel);
  if (!images.make()) return false;
  for (int64_t first = 0; first < problem.images; first += images.at_a_time()) {
    const int64_t count = std::min(images.at_a_time(), problem.images - first);
    if (!run(images.problem(count), images.turn(first, count))) return false;
    images.turn_back(first, count);
  }
  return true;
}

}  // namespace stoker::kernels::conv
