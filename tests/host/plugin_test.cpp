// Loads plugin.cpp's libraries: INLAY_TEST_PLUGIN, and INLAY_TEST_UNLOADABLE_PLUGIN, which GCC has built with
// -fno-gnu-unique. Without that option, the C++ library has objects that keep a plugin in memory.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

class Library {
 public:
  explicit Library(std::string file) : file_(std::move(file)), handle_(dlopen(file_.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) throw std::runtime_error(dlerror());
    find(create, "plugin_create");
    find(destroy, "plugin_destroy");
    find(process, "plugin_process");
    find(latency, "plugin_latency");
    find(lanes, "plugin_lanes");
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() { EXPECT_EQ(dlclose(handle_), 0); }

  void* (*create)();
  void (*destroy)(void*);
  void (*process)(void*, const float*, float*, std::size_t);
  std::size_t (*latency)(void*);
  std::size_t (*lanes)();

 private:
  template <class F>
  void find(F*& function, const char* name) {
    function = reinterpret_cast<F*>(dlsym(handle_, name));
    if (function == nullptr) throw std::runtime_error(name);
  }
  std::string file_;
  void* handle_;
};

/// An instance of a plugin and its audio thread, of which each callback is looked at.
class Instance {
 public:
  explicit Instance(const Library& library) : library_(library), plugin_(library.create()), in_(64), out_(64) {}
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;
  ~Instance() { library_.destroy(plugin_); }

  void callback() {
    std::iota(in_.begin(), in_.end(), static_cast<float>(frame_));
    library_.process(plugin_, in_.data(), out_.data(), in_.size());
    for (const float x : out_) {
      const std::size_t latency = library_.latency(plugin_);
      ASSERT_EQ(x, frame_ < latency ? 0.0f : static_cast<float>(frame_ - latency));
      ++frame_;
    }
  }

 private:
  const Library& library_;
  void* plugin_;
  std::vector<float> in_, out_;
  std::size_t frame_ = 0;
};

std::size_t threads() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}
/// The threads there are without the plugin. A sanitizer starts one of its own with the first thread.
std::size_t threads_without() {
  std::thread([] {}).join();
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return threads();
}
/// A thread that has been joined is listed for a moment.
bool threads_become(std::size_t count) {
  for (int attempt = 0; attempt < 5000 && threads() != count; ++attempt)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return threads() == count;
}

TEST(Plugin, IsUnloadedWithJobsUnderWay) {
  const std::size_t before = threads_without();
  for (int round = 0; round < 100; ++round) {
    {
      const Library library(INLAY_TEST_UNLOADABLE_PLUGIN);
      Instance instance(library);
      ASSERT_GT(threads(), before);
      for (int i = 0; i < round % 7 + 1; ++i) instance.callback();
      std::this_thread::sleep_for(std::chrono::microseconds(round % 3 * 300));
    }
    ASSERT_EQ(dlopen(INLAY_TEST_UNLOADABLE_PLUGIN, RTLD_NOW | RTLD_NOLOAD), nullptr) << "is still in memory";
    ASSERT_TRUE(threads_become(before)) << threads() << " threads, not " << before;
  }
}

TEST(Plugin, InstancesShareTheThreadsOfTheirLibrary) {
  // Two libraries, as two plugins that use inlay, perhaps two versions of it: they must have nothing in common.
  const auto copy = std::filesystem::temp_directory_path() / ("inlay_plugin_" + std::to_string(::getpid()) + ".so");
  std::filesystem::copy_file(INLAY_TEST_PLUGIN, copy, std::filesystem::copy_options::overwrite_existing);
  const std::size_t before = threads_without();
  for (int round = 0; round < 20; ++round) {
    {
      const Library library(INLAY_TEST_PLUGIN), other(copy);
      Instance a(library), c(other);
      a.callback();
      {
        const std::size_t with_one = threads();
        Instance b(library);
        EXPECT_EQ(threads(), with_one);
        EXPECT_EQ(library.lanes(), 2u);
        EXPECT_EQ(other.lanes(), 1u);
        std::thread audio([&] {
          for (int i = 0; i < 5; ++i) c.callback();
        });
        for (int i = 0; i < 5; ++i) a.callback(), b.callback();
        audio.join();
      }
      for (int i = 0; i < round % 5; ++i) a.callback();
    }
    ASSERT_TRUE(threads_become(before)) << threads() << " threads, not " << before;
  }
  std::filesystem::remove(copy);
}

}  // namespace
