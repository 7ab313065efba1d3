#include "jit/inspect.h"

#include <unistd.h>

#include <cstdio>
#include <memory>

namespace stoker::jit {
namespace {

struct Close {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

Inspection& wanted() {
  static auto* const inspection = new Inspection();
  return *inspection;
}

}  // namespace

void set_inspection(Inspection inspection) { wanted() = std::move(inspection); }

void inspect(const std::string& name, const void* code, size_t bytes) noexcept {
  const Inspection& how = wanted();
  try {
    if (!how.dump_dir.empty()) {
      const File file(std::fopen((how.dump_dir + "/" + name + ".bin").c_str(), "wb"));
      if (file) std::fwrite(code, 1, bytes, file.get());
    }
    if (how.perf_map) {
      // Linux tools/perf/Documentation/jit-interface.txt: START SIZE NAME, in hexadecimal. One
      // write a line, so that threads do not mix theirs.
      const std::string path = "/tmp/perf-" + std::to_string(getpid()) + ".map";
      const File file(std::fopen(path.c_str(), "a"));
      if (file) std::fprintf(file.get(), "%p %zx stoker::%s\n", code, bytes, name.c_str());
    }
  } catch (...) {  // no memory for a name: nothing to look at
  }
}

}  // namespace stoker::jit
