// A library shaped like a plugin: a host loads it, calls it on its audio thread, and unloads it.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <thread>

#include "inlay/host.hpp"

#if defined(_WIN32)
#define PLUGIN_EXPORT __declspec(dllexport)
#else
#define PLUGIN_EXPORT __attribute__((visibility("default")))
#endif

namespace {

using namespace inlay::host;  // NOLINT(google-build-using-namespace)

/// Copies its input, and takes a millisecond.
struct Slow {
  Ports ports() const { return {{Port::stream(1, 64)}, {Port::stream(1, 64)}}; }
  bool run(Job& job) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::copy_n(job.in[0].channel(0), 64, job.out[0].channel(0));
    return true;
  }
  void reset() noexcept {}
};

struct Plugin {
  Session session{Slow{}, Pool::shared(), {.miss = Miss::dry, .warm_up = 0}};
  Plugin() { session.prepare({.block = 64, .rate = 48000}, {.run_ms = 1.2}); }
};

}  // namespace

extern "C" {
PLUGIN_EXPORT void* plugin_create() { return new Plugin; }
PLUGIN_EXPORT void plugin_destroy(void* plugin) { delete static_cast<Plugin*>(plugin); }
PLUGIN_EXPORT void plugin_process(void* plugin, const float* in, float* out, std::size_t frames) {
  static_cast<Plugin*>(plugin)->session.process({in, frames}, {out, frames});
}
PLUGIN_EXPORT std::size_t plugin_latency(void* plugin) { return static_cast<Plugin*>(plugin)->session.latency(); }
/// Lanes of the pool that all instances of this library share.
PLUGIN_EXPORT std::size_t plugin_lanes() { return Pool::shared().stats().lanes; }
}
