// Embedding bags on generated kernels: column blocks, threads, checks.
#pragma once

#include <span>

#include "jit/isa.h"
#include "kernels/embedding_bag/embedding_bag.h"
#include "kernels/parallel.h"

namespace stoker::kernels::embedding_bag {

// What is undefined unless the outcome is kDone: `out` and all results. Indices are checked as they
// are read; none outside the table is followed. Rows are summed in the order of their indices
// whatever the number of threads.
Outcome run_jit(const Bags& bags, jit::Isa isa, const Parallel& parallel) noexcept;

// Several tables in one parallel region, each on one thread; one after another where there are
// fewer tables than threads. kDone when all are done.
Outcome run_jit(std::span<const Bags> tables, jit::Isa isa, const Parallel& parallel) noexcept;

}  // namespace stoker::kernels::embedding_bag
