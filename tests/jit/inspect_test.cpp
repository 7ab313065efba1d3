// What can be seen of generated code from outside: objdump and perf.
#include "jit/inspect.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "jit/gen/skeleton.h"

namespace stoker::jit {
namespace {

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), &pclose);
  std::string all;
  std::array<char, 4096> part;
  while (const size_t count = fread(part.data(), 1, part.size(), pipe.get())) {
    all.append(part.data(), count);
  }
  return all;
}

TEST(Inspect, DumpsWhatObjdumpReadsAndNamesItForPerf) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("stoker-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  set_inspection({folder.string(), true});
  const SkeletonKernel kernel = get_skeleton({Isa::kAvx2, Activation::kHardswish});
  set_inspection({});
  ASSERT_NE(kernel, nullptr);

  const std::string text = output_of("objdump -D -b binary -m i386:x86-64 " +
                                     (folder / "skeleton_avx2_hardswish.bin").string());
  EXPECT_NE(text.find("vmaxps"), std::string::npos) << text;
  EXPECT_NE(text.find("vminps"), std::string::npos);
  EXPECT_NE(text.find("vzeroupper"), std::string::npos);

  const std::string map = "/tmp/perf-" + std::to_string(getpid()) + ".map";
  std::ostringstream lines;
  lines << std::ifstream(map).rdbuf();
  std::ostringstream address;
  address << reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(kernel));
  EXPECT_NE(lines.str().find("stoker::skeleton_avx2_hardswish\n"), std::string::npos);
  EXPECT_NE(lines.str().find(address.str().substr(2)), std::string::npos) << lines.str();
  std::filesystem::remove(map);
  std::filesystem::remove_all(folder);
}

TEST(Inspect, AFolderThatIsNotThereCostsNothing) {
  set_inspection({"/nonexistent", false});
  EXPECT_NE(get_skeleton({Isa::kAvx2, Activation::kRelu}), nullptr);
  set_inspection({});
}

}  // namespace
}  // namespace stoker::jit
