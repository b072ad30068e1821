/// Host: a plugin opened as a host opens it, without a window. The same interface for every format.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace hosts {

/// Calls the plugin's function for the audio thread. A test can put a detector here of what is not real-time safe.
inline std::function<void(const std::function<void()>&)> audio_thread = [](const auto& call) { call(); };

/// One instance of the plugin. Errors are thrown as std::runtime_error. `load`, `save` and `restore` may be called on
/// another thread than `process`, all else not.
class Host {
 public:
  virtual ~Host() = default;
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  virtual void activate(double sample_rate, std::uint32_t max_frames) = 0;
  virtual void deactivate() = 0;
  /// Processes one block of two channels.
  virtual void process(const float* const* in, float* const* out, std::uint32_t frames) = 0;

  /// Sets "Input", "Output" (dB) or "Bypass" (0 or 1) from the next block on.
  virtual void set(const std::string& parameter, double value) = 0;
  /// Chooses the model file as a host of this format can, or none (""). Returns when the plugin has loaded or refused
  /// it.
  virtual void load(const std::string& model) = 0;

  /// Returns what a session would contain.
  virtual std::string save() = 0;
  virtual void restore(const std::string& state) = 0;
  /// The latency in frames that the plugin reports while it is active.
  virtual std::uint32_t latency() = 0;

 protected:
  Host() = default;
};

std::unique_ptr<Host> open_lv2(const std::string& bundle);
std::unique_ptr<Host> open_clap(const std::string& file);
std::unique_ptr<Host> open_vst3(const std::string& bundle);

/// Opens a plugin. The end of its name, .lv2, .clap or .vst3, is the format.
inline std::unique_ptr<Host> open(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const std::string format = path.substr(path.rfind('.') + 1);
  if (format == "lv2") return open_lv2(path);
  return format == "clap" ? open_clap(path) : open_vst3(path);
}

}  // namespace hosts
