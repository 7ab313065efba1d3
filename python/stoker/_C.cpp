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
    counts["seconds_taken"] = op.seconds_taken;
    counts["seconds_declined"] = op.seconds_declined;
    operators[py::str(name)] = counts;
  }
  py::dict result;
  result["active"] = now.active;
  result["why"] = now.why;
  result["torch"] = now.torch;
  result["isa"] = now.isa;
  result["cpu"] = now.cpu;
  result["dtype"] = now.dtype;
  result["calibration"] = now.calibration;
  result["calibration_file"] = now.calibration_file;
  result["rows"] = now.rows;
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
  module.def("set_dtype", [](bool bf16, bool force) {
    stoker::set_dtype(bf16 ? stoker::Dtype::kBFloat16 : stoker::Dtype::kFloat32, force);
  });
  module.def("bf16_regions", &stoker::bf16_regions);
  module.def("enter_eval", &stoker_enter_eval);
  module.def("leave_eval", &stoker_leave_eval);
  module.def("restore_eval", &stoker_restore_eval);
}
