#include "bench/micro/calibration.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "jit/assembler.h"

namespace stoker::bench {
namespace {

using jit::Isa;

constexpr int64_t kRounds = 4000;           // of the peak loop: about 0.1 ms
constexpr int64_t kRead = 4 << 20;          // bytes of one reading: about 0.2 ms
constexpr int kAccumulators = 12;           // latency 4 to 6, two starts a cycle
constexpr int kUnroll = 4;
constexpr int kFirstReadings = 40;

class Loop : public jit::Assembler {
 protected:
  explicit Loop(Isa isa) : zmm_(isa >= Isa::kAvx512) {}
  Xbyak::Xmm vector(int i) const {
    return zmm_ ? Xbyak::Xmm(Xbyak::Zmm(i)) : Xbyak::Xmm(Xbyak::Ymm(i));
  }
  const bool zmm_;
};

// f(rounds). Each round is kUnroll x kAccumulators independent multiply-adds.
class PeakLoop : public Loop {
 public:
  using Function = void (*)(int64_t rounds);

  PeakLoop(Isa isa, bool dot) : Loop(isa), flops_(jit_flops(zmm_, dot)) {
    enter(1);
    const Xbyak::Reg64 bits = temp(0);
    mov(bits.cvt32(), 0x3F803F80);  // 1.0 as bf16, 1.002 as fp32
    for (const int i : {kAccumulators, kAccumulators + 1}) {
      vmovd(Xbyak::Xmm(i), bits.cvt32());
      vpbroadcastd(vector(i), Xbyak::Xmm(i));
    }
    for (int i = 0; i < kAccumulators; ++i) vmovaps(vector(i), vector(kAccumulators));
    Xbyak::Label loop;
    align(32);
    L(loop);
    for (int i = 0; i < kUnroll * kAccumulators; ++i) {
      const Xbyak::Xmm sum = vector(i % kAccumulators);
      if (dot) {
        vdpbf16ps(sum, vector(kAccumulators), vector(kAccumulators + 1));
      } else {
        vfmadd231ps(sum, vector(kAccumulators), vector(kAccumulators + 1));
      }
    }
    dec(args);
    jnz(loop, T_NEAR);
    leave();
    function_ = finish<Function>();
  }

  Function function() const { return function_; }
  double flops_per_round() const { return flops_; }

 private:
  static double jit_flops(bool zmm, bool dot) {
    return (zmm ? 16.0 : 8.0) * (dot ? 4 : 2) * kUnroll * kAccumulators;
  }
  double flops_;
  Function function_ = nullptr;
};

struct StreamKind {
  int streams;   // places read from in turn
  int prefetch;  // bytes ahead; 0: the hardware's prefetchers alone
};

// Which is fastest differs by CPU: Zen 3 reads 12 % more with several streams, others do not.
constexpr StreamKind kStreams[] = {{1, 0}, {1, 2048}, {4, 0}, {4, 2048}};

// f(first, lines): reads `streams` x `lines` cache lines from `first` on.
class StreamLoop : public Loop {
 public:
  using Function = void (*)(const char* first, int64_t lines);

  StreamLoop(Isa isa, StreamKind kind) : Loop(isa) {
    enter(3);
    // rsi is the second argument of the convention, and one of the temporaries.
    const Xbyak::Reg64 lines = rsi, gap = rax, gap3 = rcx;
    mov(gap, lines);
    shl(gap, 6);
    lea(gap3, ptr[gap + gap * 2]);
    Xbyak::Label loop;
    align(32);
    L(loop);
    for (int stream = 0; stream < kind.streams; ++stream) {
      const Xbyak::RegExp places[] = {args, args + gap, args + gap * 2, args + gap3};
      if (kind.prefetch) prefetcht0(ptr[places[stream] + kind.prefetch]);
      vmovups(vector(2 * stream), ptr[places[stream]]);
      if (!zmm_) vmovups(vector(2 * stream + 1), ptr[places[stream] + 32]);
    }
    add(args, 64);
    dec(lines);
    jnz(loop, T_NEAR);
    leave();
    function_ = finish<Function>();
  }

  Function function() const { return function_; }

 private:
  Function function_ = nullptr;
};

template <class Function>
double seconds_of(Function&& function) {
  const auto start = std::chrono::steady_clock::now();
  function();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

struct Calibration::Loops {
  Loops(Isa isa, bool dot) : peak(isa, dot) {
    for (const StreamKind kind : kStreams) {
      streams.push_back(std::make_unique<StreamLoop>(isa, kind));
    }
  }
  PeakLoop peak;
  std::vector<std::unique_ptr<StreamLoop>> streams;
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
  const double seconds = seconds_of([&] { loops_->peak.function()(kRounds); });
  return kRounds * loops_->peak.flops_per_round() / seconds;
}

double Calibration::read_bytes(size_t stream) {
  const char* const first = memory_.data() + position_;
  position_ = (position_ + kRead) % memory_.size();
  const int64_t lines = kRead / 64 / kStreams[stream].streams;
  return kRead / seconds_of([&] { loops_->streams[stream]->function()(first, lines); });
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

int64_t l3_bytes() {
  const long bytes = sysconf(_SC_LEVEL3_CACHE_SIZE);
  return bytes > 0 ? bytes : 32 << 20;
}

}  // namespace stoker::bench
