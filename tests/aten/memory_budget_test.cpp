// What limits memory, read below a folder that lays the kernel's files out as it does.
#include "aten/memory_budget.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

namespace stoker::aten {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max();

class MemoryBudget : public testing::Test {
 protected:
  void SetUp() override {
    // mkdtemp() replaces the Xs, and asks for them.
    std::string name = (fs::temp_directory_path() / "stoker-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  void v2(const std::string& group, const std::string& limit, const std::string& used) const {
    write("sys/fs/cgroup/" + group + "/memory.max", limit + "\n");
    write("sys/fs/cgroup/" + group + "/memory.current", used + "\n");
  }
  void v1(const std::string& group, const std::string& limit, const std::string& used) const {
    write("sys/fs/cgroup/memory/" + group + "/memory.limit_in_bytes", limit + "\n");
    write("sys/fs/cgroup/memory/" + group + "/memory.usage_in_bytes", used + "\n");
  }
  void in_groups(const std::string& lines) const { write("proc/self/cgroup", lines); }
  int64_t available() const { return available_memory(root_); }

  fs::path root_;
};

TEST_F(MemoryBudget, WhatCannotBeReadDoesNotLimit) {
  EXPECT_EQ(available(), kUnlimited);
  in_groups("0::/job\n");
  EXPECT_EQ(available(), kUnlimited);
}

TEST_F(MemoryBudget, TheMachine) {
  write("proc/meminfo",
        "MemTotal:       9000 kB\nMemFree:  1 kB\nMemAvailable:   3000 kB\nCached: 2 kB\n");
  EXPECT_EQ(available(), 3000 * 1024);
  v2("", "4000000", "1000000");
  EXPECT_EQ(available(), 3000000);
  v2("", "9000000", "1000000");
  EXPECT_EQ(available(), 3000 * 1024);
}

TEST_F(MemoryBudget, AGroupOfV2) {
  in_groups("0::/job\n");
  v2("job", "1000", "300");
  EXPECT_EQ(available(), 700);
  v2("job", "1000", "1200");
  EXPECT_EQ(available(), 0);
  v2("job", "max", "300");
  EXPECT_EQ(available(), kUnlimited);
  write("sys/fs/cgroup/job/memory.high", "800\n");
  EXPECT_EQ(available(), 500);
}

TEST_F(MemoryBudget, AGroupOfV1) {
  in_groups("9:name=systemd:/else\n4:memory:/job\n1:cpu:/other\n0::/\n");
  v1("job", "1000", "300");
  v1("other", "1", "1");
  EXPECT_EQ(available(), 700);
  v1("job", "9223372036854771712", "300");  // v1's "max"
  EXPECT_GT(available(), kUnlimited / 2);
}

TEST_F(MemoryBudget, AControllerAmongOthers) {
  in_groups("5:cpu,memoryless:/wrong\n4:hugetlb,memory,pids:/job:1\n");
  v1("wrong", "10", "1");
  v1("job:1", "1000", "300");
  EXPECT_EQ(available(), 700);
}

TEST_F(MemoryBudget, TheTightestOfNestedGroups) {
  in_groups("4:memory:/host\n0::/machine/user/job\n");
  v2("machine/user/job", "5000", "100");
  EXPECT_EQ(available(), 4900);
  v2("machine/user", "5000", "3000");
  EXPECT_EQ(available(), 2000);
  v2("machine", "max", "9000");
  EXPECT_EQ(available(), 2000);
  v2("", "10000", "9000");
  EXPECT_EQ(available(), 1000);
  v2("machine/user/job/child", "2", "1");
  EXPECT_EQ(available(), 1000);
  v1("host", "900", "0");
  EXPECT_EQ(available(), 900);
}

TEST_F(MemoryBudget, AContainerThatSeesItsOwnGroupAsTheRoot) {
  in_groups("4:memory:/docker/0123abcd\n0::/../outside\n");
  v1("", "1000", "400");
  EXPECT_EQ(available(), 600);
  v2("", "800", "400");
  EXPECT_EQ(available(), 400);
}

TEST_F(MemoryBudget, WhatIsKeptOfFilesIsFree) {
  in_groups("4:memory:/old\n0::/job\n");
  v2("job", "1000", "900");
  write("sys/fs/cgroup/job/memory.stat",
        "anon 100\nfile 700\ninactive_file 600\nactive_file 100\n");
  EXPECT_EQ(available(), 700);
  write("sys/fs/cgroup/job/memory.stat", "inactive_file 5000\n");
  EXPECT_EQ(available(), 1000);
  v1("old", "1000", "900");
  write("sys/fs/cgroup/memory/old/memory.stat", "inactive_file 700\ntotal_inactive_file 200\n");
  EXPECT_EQ(available(), 300);
}

TEST_F(MemoryBudget, NonsenseDoesNotLimit) {
  in_groups("\n:\n0:\nnothing\n0::/job\n");
  for (const char* text : {"", "many", "-5", "-", "99999999999999999999"}) {
    v2("job", text, "300");
    EXPECT_EQ(available(), kUnlimited) << text;
    v2("job", "1000", text);
    EXPECT_EQ(available(), kUnlimited) << text;
    v2("job", "1000", "300");
    write("sys/fs/cgroup/job/memory.stat", "anon\ninactive_file " + std::string(text) + "\n");
    EXPECT_EQ(available(), 700) << text;
    write("proc/meminfo", "MemAvailable: " + std::string(text) + " kB\n");
    EXPECT_EQ(available(), 700) << text;
  }
  write("proc/meminfo", "MemAvailable: 9223372036854775 kB\n");  // times 1024 is no int64_t
  EXPECT_EQ(available(), 700);
}

class LimitOfProcess {
 public:
  LimitOfProcess(__rlimit_resource_t resource, rlim_t most) : resource_(resource) {
    getrlimit(resource_, &before_);
    const rlimit now{most, before_.rlim_max};
    EXPECT_EQ(setrlimit(resource_, &now), 0);
  }
  ~LimitOfProcess() { setrlimit(resource_, &before_); }

 private:
  __rlimit_resource_t resource_;
  rlimit before_{};
};

TEST_F(MemoryBudget, LimitsOfTheProcess) {
  constexpr rlim_t kMost = rlim_t{1} << 46;  // more than this process takes, sanitizers included
  const int64_t page = getpagesize(), most = static_cast<int64_t>(kMost);
  write("proc/self/statm", "1000 9 9 9 0 600 0\n");
  {
    const LimitOfProcess data(RLIMIT_DATA, kMost);
    EXPECT_EQ(available(), most - 600 * page);
    const LimitOfProcess space(RLIMIT_AS, kMost);
    EXPECT_EQ(available(), most - 1000 * page);
    write("proc/self/statm", "99999999999 9 9 9 0 600 0\n");
    EXPECT_EQ(available(), 0);
    write("proc/self/statm", "1000\n");
    EXPECT_EQ(available(), most - 1000 * page);
  }
  EXPECT_EQ(available(), kUnlimited);
}

TEST_F(MemoryBudget, ThisMachineHasSome) {
  EXPECT_GT(available_memory(), 0);
  EXPECT_TRUE(fits_available(0));
  EXPECT_FALSE(fits_available(available_memory()));
}

}  // namespace
}  // namespace stoker::aten
