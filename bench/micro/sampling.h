// Timing by Google Benchmark's rules, one calibrated sample after another.
#pragma once

#include <benchmark/benchmark.h>

#include <functional>

#include "bench/micro/calibration.h"

namespace stoker::bench {

// Of one call. What comes from memory and what is multiplied can overlap: the limit is the longer.
struct Cost {
  double flops = 0;
  double bytes = 0;  // that no cache holds; 0: everything is in the caches
};

// Runs `work` for a benchmark registered with UseManualTime() and sets its counters: GFLOP/s and
// GB/s of the median sample, limit% (of the best calibration), rejected (samples taken again
// because a calibration beside them was below 90 % of the best) and disturbed (given up after ten
// attempts: in Google Benchmark's own column, and in the counters only where no sample was better).
void measure(benchmark::State& state, Calibration& calibration, const Cost& cost,
             const std::function<void()>& work);

}  // namespace stoker::bench
