// What one core can do at most, measured again around every sample: on a shared machine a figure
// without its own calibration says nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "jit/isa.h"

namespace stoker::bench {

// Rates a second.
struct Rates {
  double flops = 0;  // of a loop of independent multiply-adds in registers
  double bytes = 0;  // read one after another from memory, not from a cache
};

class Calibration {
 public:
  // `dot`: the peak of VDPBF16PS instead of fp32 FMA (kAvx512Bf16 only). Throws where the loops
  // cannot be generated or there is no memory to read. Takes some 50 ms.
  Calibration(jit::Isa isa, bool dot);
  ~Calibration();
  Calibration(const Calibration&) = delete;
  Calibration& operator=(const Calibration&) = delete;

  // Measures both rates now, in about half a millisecond. Leaves foreign data in every cache.
  Rates read();

  const Rates& best() const noexcept { return best_; }
  // At least 90 % of the best so far?
  bool good_flops(const Rates& now) const noexcept { return now.flops >= 0.9 * best_.flops; }
  bool good_bytes(const Rates& now) const noexcept { return now.bytes >= 0.9 * best_.bytes; }

 private:
  struct Loops;

  double read_flops() const;
  double read_bytes(size_t stream);

  std::unique_ptr<Loops> loops_;
  std::vector<char> memory_;
  size_t position_ = 0;  // in memory_, of the next read
  size_t stream_ = 0;    // the fastest of the reading loops
  Rates best_;
};

// The one for these instructions in this process.
Calibration& calibration_of(jit::Isa isa, bool dot = false);

// Of the last-level cache; 32 MiB where the system does not say.
int64_t l3_bytes();

// What a working set must exceed to be out of every cache.
inline int64_t cold_bytes() { return 4 * l3_bytes() + 1; }

}  // namespace stoker::bench
