#include "bench/micro/shapes.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace stoker::bench {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> parts;
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

int64_t positive(const std::string& text) {
  size_t used = 0;
  const long long value =
      text.empty() || text.front() < '0' || text.front() > '9' ? 0 : std::stoll(text, &used);
  if (value < 1 || used != text.size()) {
    throw std::runtime_error("'" + text + "' is not a positive number");
  }
  return value;
}

void parse_line(const std::vector<std::string>& words, std::vector<int64_t>& rows,
                std::vector<Shape>& shapes) {
  if (words[0] == "rows") {
    rows.clear();
    std::transform(words.begin() + 1, words.end(), std::back_inserter(rows), &positive);
    if (rows.empty()) throw std::runtime_error("expected 'rows M...'");
    return;
  }
  if (words.size() != 3) throw std::runtime_error("expected 'NAME N K' or 'rows M...'");
  if (rows.empty()) throw std::runtime_error("expected a 'rows M...' line before the first shape");
  const auto same = [&](const Shape& shape) { return shape.name == words[0]; };
  if (std::any_of(shapes.begin(), shapes.end(), same)) {
    throw std::runtime_error("'" + words[0] + "' is there already");
  }
  shapes.push_back({words[0], positive(words[1]), positive(words[2]), rows});
}

}  // namespace

std::vector<Shape> read_shapes(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  std::vector<Shape> shapes;
  std::vector<int64_t> rows;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    std::istringstream stream(line.substr(0, line.find('#')));
    const std::vector<std::string> words{std::istream_iterator<std::string>(stream), {}};
    try {
      if (!words.empty()) parse_line(words, rows, shapes);
    } catch (const std::exception& error) {
      throw std::runtime_error(path + ":" + std::to_string(number) + ": " + error.what());
    }
  }
  return shapes;
}

std::vector<Shape> select_shapes(const std::string& folder, std::string_view wanted) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".txt") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Shape> selected;
  for (const std::string& name : split(wanted, ',')) {
    const size_t before = selected.size();
    for (const auto& path : paths) {
      for (Shape& shape : read_shapes(path)) {
        if (name == path.stem() || name == shape.model() || name == shape.name) {
          selected.push_back(std::move(shape));
        }
      }
    }
    if (selected.size() == before) {
      throw std::runtime_error(folder + ": no shape, model or file named '" + name + "'");
    }
  }
  return selected;
}

std::vector<int64_t> parse_rows(std::string_view text) {
  std::vector<int64_t> rows;
  for (const std::string& word : split(text, ',')) rows.push_back(positive(word));
  return rows;
}

}  // namespace stoker::bench
