# xbyak 6.68 or newer: the x86 assembler that writes our kernels at run time. Headers alone.
# Debian: libxbyak-dev. Licence: BSD-3-Clause.
find_path(Xbyak_INCLUDE_DIR xbyak/xbyak.h)
if(Xbyak_INCLUDE_DIR)
  file(STRINGS "${Xbyak_INCLUDE_DIR}/xbyak/xbyak.h" version_line REGEX "VERSION = 0x[0-9A-Fa-f]+" LIMIT_COUNT 1)
  string(REGEX REPLACE ".*VERSION = 0x([0-9A-Fa-f])([0-9A-Fa-f][0-9A-Fa-f]).*" "\\1.\\2" Xbyak_VERSION "${version_line}")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Xbyak REQUIRED_VARS Xbyak_INCLUDE_DIR VERSION_VAR Xbyak_VERSION
  REASON_FAILURE_MESSAGE "install xbyak's headers (Debian: apt-get install libxbyak-dev)")
if(Xbyak_FOUND AND NOT TARGET Xbyak::Xbyak)
  add_library(Xbyak::Xbyak INTERFACE IMPORTED)
  set_target_properties(Xbyak::Xbyak PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${Xbyak_INCLUDE_DIR}")
endif()
