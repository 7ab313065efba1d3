#include "bench/micro/sampling.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace stoker::bench {
namespace {

constexpr double kSampleSeconds = 1e-3;
constexpr int kAttempts = 10;

double seconds_of(const std::function<void()>& work, int64_t calls) {
  const auto start = std::chrono::steady_clock::now();
  for (int64_t i = 0; i < calls; ++i) work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

class Sampler {
 public:
  Sampler(Calibration& calibration, const Cost& cost, const std::function<void()>& work)
      : calibration_(calibration), cost_(cost), work_(work) {
    work();
    const double once = std::max(seconds_of(work, 1), 1e-9);
    calls_ = std::clamp<int64_t>(static_cast<int64_t>(kSampleSeconds / once), 1, 1 << 20);
    before_ = calibration_.read();
  }

  int64_t calls() const { return calls_; }

  // Seconds of calls() calls.
  double sample() {
    for (int attempt = 1;; ++attempt) {
      work_();  // the caches are as the work leaves them, not as the calibration did
      const double seconds = seconds_of(work_, calls_);
      const Rates after = calibration_.read();
      const bool good = usable(before_) && usable(after);
      before_ = after;
      if (!good && attempt < kAttempts) {
        ++rejected_;
        continue;
      }
      (good ? good_ : disturbed_).push_back(seconds / static_cast<double>(calls_));
      return seconds;
    }
  }

  void report(benchmark::State& state) {
    std::vector<double>& samples = good_.empty() ? disturbed_ : good_;
    if (samples.empty()) return;
    const auto middle = samples.begin() + static_cast<ptrdiff_t>(samples.size() / 2);
    std::nth_element(samples.begin(), middle, samples.end());
    const double median = *middle;
    if (cost_.flops > 0) state.counters["GFLOP/s"] = cost_.flops / median * 1e-9;
    if (cost_.bytes > 0) state.counters["GB/s"] = cost_.bytes / median * 1e-9;
    state.counters["limit%"] = 100 * limit() / median;
    state.counters["rejected"] = rejected_;
    state.counters["disturbed"] = static_cast<double>(disturbed_.size());
  }

 private:
  double limit() const {
    const Rates& best = calibration_.best();
    return std::max(cost_.flops / best.flops, cost_.bytes / best.bytes);
  }

  // By the rate that sets the limit: the other one, disturbed, changes little.
  bool usable(const Rates& rates) const {
    return cost_.flops / calibration_.best().flops >= limit() ? calibration_.good_flops(rates)
                                                              : calibration_.good_bytes(rates);
  }

  Calibration& calibration_;
  const Cost cost_;
  const std::function<void()>& work_;
  int64_t calls_ = 1;
  Rates before_;
  std::vector<double> good_, disturbed_;  // seconds a call
  int rejected_ = 0;
};

}  // namespace

void measure(benchmark::State& state, Calibration& calibration, const Cost& cost,
             const std::function<void()>& work) {
  Sampler sampler(calibration, cost, work);
  while (state.KeepRunningBatch(sampler.calls())) state.SetIterationTime(sampler.sample());
  sampler.report(state);
}

}  // namespace stoker::bench
