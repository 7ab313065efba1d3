// Executable memory: writable or executable, never both; full or refused means a decline.
#include "jit/arena.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "jit/gen/gemm.h"

namespace stoker::jit {
namespace {

constexpr unsigned char kReturn42[] = {0xB8, 42, 0, 0, 0, 0xC3};  // mov eax, 42; ret

int call(const void* code) {
  return reinterpret_cast<int (*)()>(reinterpret_cast<uintptr_t>(code))();
}

// "r-xp" and the like, of the mapping that holds `address`.
std::string permissions(const void* address) {
  std::ifstream maps("/proc/self/maps");
  const auto wanted = reinterpret_cast<uintptr_t>(address);
  for (std::string line; std::getline(maps, line);) {
    char* end = nullptr;
    const uintptr_t first = std::strtoull(line.c_str(), &end, 16);
    const uintptr_t last = std::strtoull(end + 1, &end, 16);
    if (first <= wanted && wanted < last) return std::string(end + 1, 4);
  }
  return "";
}

TEST(Arena, RunsWhatWasCommitted) {
  Arena arena(1 << 16);
  const void* const first = arena.commit(kReturn42, sizeof kReturn42);
  const void* const second = arena.commit(kReturn42, sizeof kReturn42);
  ASSERT_TRUE(first && second);
  EXPECT_NE(first, second);
  EXPECT_EQ(call(first), 42);
  EXPECT_EQ(call(second), 42);
  EXPECT_EQ(permissions(first), "r-xp");
  EXPECT_EQ(arena.used(), 2 * static_cast<size_t>(sysconf(_SC_PAGESIZE)));
}

TEST(Arena, DeclinesWhenItIsFull) {
  Arena arena(1);  // one page
  EXPECT_EQ(arena.commit(kReturn42, 1 << 16), nullptr);
  EXPECT_NE(arena.commit(kReturn42, sizeof kReturn42), nullptr);
  EXPECT_EQ(arena.commit(kReturn42, sizeof kReturn42), nullptr);
}

TEST(Arena, DeclinesWhenThereAreNoAddresses) {
  Arena arena(size_t{1} << 62);
  EXPECT_EQ(arena.commit(kReturn42, sizeof kReturn42), nullptr);
}

// In a child: the process's own arena stays as it is for the other tests.
TEST(Arena, AFullOneIsANullKernel) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    while (process_arena().commit(kReturn42, sizeof kReturn42) != nullptr) {
    }
    const GemmConfig config{.isa = Isa::kAvx2,
                            .math = GemmMath::kF32,
                            .rows = 5,
                            .vectors = 2,
                            .out = Element::kBf16,
                            .prefetch_lines = 3};
    _exit(get_gemm(config) == nullptr && get_gemm(config) == nullptr ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace stoker::jit
