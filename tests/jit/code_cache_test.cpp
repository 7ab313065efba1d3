// The cache of generated code: one kernel a configuration, failures remembered, many threads.
#include "jit/code_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "jit/gen/gemm.h"
#include "tests/support/guarded_buffer.h"

namespace stoker::jit {
namespace {

struct Config {
  int number;
  bool operator==(const Config&) const = default;
};
using Function = int (*)();

int one() { return 1; }
int two() { return 2; }

TEST(CodeCache, GeneratesOnceAndTellsConfigurationsApart) {
  static auto& cache = *new CodeCache<Config, Function>();
  int generated = 0;
  const auto generate = [&](const Config& config) {
    ++generated;
    return config.number == 1 ? &one : &two;
  };
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(cache.get({1}, generate)(), 1);
    // More than there are lists: some share one.
    for (int number = 2; number < 1000; ++number) EXPECT_EQ(cache.get({number}, generate)(), 2);
  }
  EXPECT_EQ(generated, 999);
}

TEST(CodeCache, RemembersAFailure) {
  static auto& cache = *new CodeCache<Config, Function>();
  int tried = 0;
  const auto fail = [&](const Config&) -> Function {
    ++tried;
    throw std::runtime_error("no memory");
  };
  EXPECT_EQ(cache.get({1}, fail), nullptr);
  EXPECT_EQ(cache.get({1}, fail), nullptr);
  EXPECT_EQ(tried, 1);
}

TEST(CodeCache, SixteenThreadsGetWorkingKernels) {
  ASSERT_GE(host_cpu().isa, Isa::kAvx2) << "Stoker is off on this CPU: it has no kernel to test";
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t) {
    threads.emplace_back([&] {
      for (uint8_t rows = 1; rows <= 6; ++rows) {
        const GemmKernel kernel =
            get_gemm({.isa = Isa::kAvx2, .math = GemmMath::kF32, .rows = rows, .vectors = 1});
        const tests::GuardedBuffer<float> a(rows * 3, 1.0f), b(3 * 8, 2.0f), c(rows * 8);
        GemmArgs args{};
        args.a = a.data();
        args.b = b.data();
        args.c_out = c.data();
        args.lda = 12;
        args.ldb = args.ldc_out = 32;
        args.steps = 3;
        kernel(&args);
        for (const float value : c.values()) wrong += value != 6.0f;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace stoker::jit
