// What `stoker run --no-python` preloads. It depends on nothing, so that programs without torch,
// the shells between the launcher and the program among them, pay for one small library only. In
// Python processes libtorch comes later, and torch's entry point loads Stoker itself.
#include <dlfcn.h>

#include <cstdio>
#include <string>

namespace {

__attribute__((constructor)) void load_stoker() noexcept {
  // RTLD_NOLOAD: only where the program itself is linked to it. The loader has mapped it by now and
  // initialises it before libstoker.so, which depends on it.
  void* const torch = dlopen("libtorch_cpu.so", RTLD_LAZY | RTLD_NOLOAD);
  if (torch == nullptr) return;
  dlclose(torch);
  Dl_info self;
  if (dladdr(reinterpret_cast<void*>(&load_stoker), &self) == 0) return;
  const std::string path(self.dli_fname);
  const std::string library = path.substr(0, path.rfind('/') + 1) + "libstoker.so";
  if (dlopen(library.c_str(), RTLD_NOW) == nullptr) {
    std::fprintf(stderr, "stoker: off: %s\n", dlerror());
  }
}

}  // namespace
