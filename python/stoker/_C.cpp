// The Python face of libstoker.so: plain dicts and strings.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "aten/stoker.h"

namespace py = pybind11;

namespace {

py::dict status() {
  const stoker::Status now = stoker::status();
  py::dict operators;
  for (const auto& [name, op] : now.operators) {
    py::dict counts;
    counts["rows"] = op.rows;
    counts["declined"] = op.declined;
    operators[py::str(name)] = counts;
  }
  py::dict result;
  result["active"] = now.active;
  result["why"] = now.why;
  result["torch"] = now.torch;
  result["isa"] = now.isa;
  result["cpu"] = now.cpu;
  result["calibration"] = now.calibration;
  result["calibration_file"] = now.calibration_file;
  result["operators"] = operators;
  result["packed"] = now.packed;
  return result;
}

}  // namespace

PYBIND11_MODULE(_C, module) {
  module.def("status", &status);
  module.def("explain", &stoker::explain);
  module.def("enable", &stoker::enable);
  module.def("disable", &stoker::disable);
  module.def("unregister", &stoker::unregister);
  module.def("reset_counters", &stoker::reset_counters);
}
