#include "bench/micro/calibration.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <map>
#include <string>
#include <utility>

#include "jit/assembler.h"

namespace stoker::bench {
namespace {

using jit::Gpr;
using jit::Isa;
using jit::Vec;

constexpr int64_t kRounds = 12000;  // of the peak loop: about 0.1 ms
constexpr int64_t kRead = 4 << 20;  // bytes of one reading: about 0.2 ms
constexpr int kAccumulators = 12;   // latency 4 to 6, two starts a cycle
constexpr int kUnroll = 4;
constexpr int kFirstReadings = 40;
constexpr uint32_t kOnes = 0x3F803F80;  // 1.0 twice as bf16, 1.002 as fp32

// kRounds times kUnroll x kAccumulators independent multiply-adds.
class PeakLoop : public jit::Assembler {
 public:
  using Function = void (*)(const void*) noexcept;

  PeakLoop(Isa isa, bool dot) : Assembler(isa), dot_(dot) {}

  Function generate() {
    const Gpr rounds = gpr();
    enter();
    const std::vector<Vec> sums = vecs(kAccumulators);
    const Vec a = vec(), b = vec();
    for (const Vec& sum : sums) vxorps(sum, sum, sum);
    load_constant(a, kOnes);
    load_constant(b, kOnes);
    mov(rounds, kRounds);
    Xbyak::Label loop;
    align(32);
    L(loop);
    for (int i = 0; i < kUnroll * kAccumulators; ++i) multiply_add(sums[i % kAccumulators], a, b);
    dec(rounds);
    jnz(loop, T_NEAR);
    leave();
    return finish<Function>(std::string("peak_") + (dot_ ? "dot_" : "fma_") + jit::isa_name(isa()));
  }

  double flops() const {
    return static_cast<double>(kRounds) * kUnroll * kAccumulators * (vector_bytes() / 4) *
           (dot_ ? 4 : 2);
  }

 private:
  void multiply_add(const Vec& sum, const Vec& a, const Vec& b) {
    dot_ ? vdpbf16ps(sum, a, b) : vfmadd231ps(sum, a, b);
  }

  const bool dot_;
};

struct StreamKind {
  int streams;   // places read from in turn
  int prefetch;  // bytes ahead; 0: the hardware's prefetchers alone
};

// Which is fastest differs by CPU: Zen 3 reads 12 % more with several streams, others do not.
constexpr StreamKind kStreams[] = {{1, 0}, {1, 2048}, {4, 0}, {4, 2048}};

struct StreamArgs {
  const char* first;
  int64_t lines;  // cache lines of each stream; the streams follow each other
};

class StreamLoop : public jit::Assembler {
 public:
  using Function = void (*)(const StreamArgs*) noexcept;

  StreamLoop(Isa isa, StreamKind kind) : Assembler(isa), kind_(kind) {}

  Function generate() {
    const Gpr first = gpr(), lines = gpr(), gap = gpr(), gap3 = gpr();
    enter();
    mov(first, ptr[args + static_cast<int>(offsetof(StreamArgs, first))]);
    mov(lines, ptr[args + static_cast<int>(offsetof(StreamArgs, lines))]);
    mov(gap, lines);
    shl(gap, 6);
    lea(gap3, ptr[gap + gap * 2]);
    const Xbyak::RegExp places[] = {first, first + gap, first + gap * 2, first + gap3};
    Xbyak::Label loop;
    align(32);
    L(loop);
    for (int stream = 0; stream < kind_.streams; ++stream) read_line(places[stream]);
    add(first, 64);
    dec(lines);
    jnz(loop, T_NEAR);
    leave();
    return finish<Function>("stream_" + std::to_string(kind_.streams) + "_" +
                            std::to_string(kind_.prefetch) + "_" + jit::isa_name(isa()));
  }

 private:
  void read_line(const Xbyak::RegExp& place) {
    if (kind_.prefetch != 0) prefetcht0(ptr[place + kind_.prefetch]);
    for (int offset = 0; offset < 64; offset += vector_bytes()) {
      const Vec value = vec();
      vmovups(value, ptr[place + offset]);
    }
  }

  const StreamKind kind_;
};

template <class Function>
double seconds_of(Function&& function) {
  const auto start = std::chrono::steady_clock::now();
  function();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

struct Calibration::Loops {
  Loops(Isa isa, bool dot) {
    PeakLoop loop(isa, dot);
    peak = loop.generate();
    flops = loop.flops();
    for (const StreamKind kind : kStreams) streams.push_back(StreamLoop(isa, kind).generate());
  }
  PeakLoop::Function peak;
  double flops;  // of one call
  std::vector<StreamLoop::Function> streams;
};

Calibration::Calibration(Isa isa, bool dot)
    : loops_(std::make_unique<Loops>(isa, dot)),
      // Written, so that its pages are there and are not all the one page of zeros.
      memory_(static_cast<size_t>(cold_bytes() / kRead + 1) * kRead, 1) {
  for (int i = 0; i < kFirstReadings; ++i) {
    best_.flops = std::max(best_.flops, read_flops());
    for (size_t stream = 0; stream < std::size(kStreams); ++stream) {
      const double bytes = read_bytes(stream);
      if (bytes > best_.bytes) best_.bytes = bytes, stream_ = stream;
    }
  }
}

Calibration::~Calibration() = default;

double Calibration::read_flops() const {
  return loops_->flops / seconds_of([&] { loops_->peak(nullptr); });
}

double Calibration::read_bytes(size_t stream) {
  const StreamArgs args{memory_.data() + position_, kRead / 64 / kStreams[stream].streams};
  position_ = (position_ + kRead) % memory_.size();
  return kRead / seconds_of([&] { loops_->streams[stream](&args); });
}

Rates Calibration::read() {
  const Rates now{read_flops(), read_bytes(stream_)};
  best_ = {std::max(best_.flops, now.flops), std::max(best_.bytes, now.bytes)};
  return now;
}

Calibration& calibration_of(Isa isa, bool dot) {
  static std::map<std::pair<Isa, bool>, std::unique_ptr<Calibration>> known;
  auto& found = known[{isa, dot}];
  if (!found) found = std::make_unique<Calibration>(isa, dot);
  return *found;
}

// sysconf() sums the caches of every core complex of an AMD EPYC: eight times what one core has.
int64_t l3_bytes() {
  std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index3/size");
  int64_t kilobytes = 0;
  return file >> kilobytes && kilobytes > 0 ? kilobytes << 10 : 32 << 20;
}

}  // namespace stoker::bench
