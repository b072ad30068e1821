/// Library: a shared library that is loaded while it lives.
#pragma once

#include <dlfcn.h>

#include <stdexcept>
#include <string>

namespace hosts {

class Library {
 public:
  explicit Library(const std::string& path) : handle_(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) throw std::runtime_error(dlerror());
  }
  ~Library() { dlclose(handle_); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  void* handle() const noexcept { return handle_; }
  /// A function or a variable of the library: `symbol<void()>("name")`.
  template <class T>
  T* symbol(const char* name) const {
    void* const found = dlsym(handle_, name);
    if (found == nullptr) throw std::runtime_error(std::string("no symbol ") + name);
    return reinterpret_cast<T*>(found);
  }

 private:
  void* handle_;
};

}  // namespace hosts
