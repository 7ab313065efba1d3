# The torch that the chosen Python has, as target stoker_torch: headers, libtorch_cpu, libc10 and
# torch's own libgomp (a second OpenMP runtime in the process would mean a second thread pool).
# Not find_package(Torch): for a CUDA build of torch that one asks for the CUDA toolkit.
find_package(Python 3.10 REQUIRED COMPONENTS Interpreter Development.Module)

execute_process(
  COMMAND "${Python_EXECUTABLE}" -c "import importlib.metadata as m, importlib.util as u
print(m.version('torch'), u.find_spec('torch').submodule_search_locations[0], sep=';', end='')"
  OUTPUT_VARIABLE torch_found RESULT_VARIABLE torch_missing ERROR_QUIET)
if(torch_missing)
  message(FATAL_ERROR "${Python_EXECUTABLE} has no torch; install torch==2.13.0 first.")
endif()
list(GET torch_found 0 torch_version)
list(GET torch_found 1 torch_dir)
if(NOT torch_version MATCHES "^2\\.13\\.")
  message(FATAL_ERROR "Stoker is built for torch 2.13; ${torch_dir} is torch ${torch_version}.")
endif()
message(STATUS "torch ${torch_version}: ${torch_dir}")

set(STOKER_TORCH_LIB_DIR "${torch_dir}/lib")
file(GLOB torch_gomp "${STOKER_TORCH_LIB_DIR}/libgomp*.so*")
list(LENGTH torch_gomp gomp_count)
if(NOT gomp_count EQUAL 1)
  message(FATAL_ERROR "Expected one libgomp in ${STOKER_TORCH_LIB_DIR}, found: '${torch_gomp}'.")
endif()

add_library(stoker_torch INTERFACE)
target_include_directories(stoker_torch SYSTEM INTERFACE
  "${torch_dir}/include" "${torch_dir}/include/torch/csrc/api/include")
target_link_libraries(stoker_torch INTERFACE
  "${STOKER_TORCH_LIB_DIR}/libtorch_cpu.so" "${STOKER_TORCH_LIB_DIR}/libc10.so" "${torch_gomp}")
