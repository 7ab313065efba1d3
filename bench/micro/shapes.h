// The named shapes of bench/shapes/*.txt; the format is described in docs/benchmarks.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stoker::bench {

struct Shape {
  std::string name;
  int64_t n, k;
  std::vector<int64_t> rows;  // values of M worth measuring

  // The name's part before the dot.
  std::string_view model() const { return std::string_view(name).substr(0, name.find('.')); }
};

// Throws std::runtime_error with file and line.
std::vector<Shape> read_shapes(const std::string& path);

// Those that `wanted` names: shapes, models or files (by their stem), separated by commas. Throws
// std::runtime_error for a name that is none of them.
std::vector<Shape> select_shapes(const std::string& folder, std::string_view wanted);

// "1,8,64". Throws std::runtime_error.
std::vector<int64_t> parse_rows(std::string_view text);

}  // namespace stoker::bench
