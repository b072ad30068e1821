/// A plugin whose network is too heavy for the callback: worker threads run it, and the latency is exact.
#include <DistrhoPlugin.hpp>
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <inlay/host.hpp>
#include <inlay/run_time.hpp>
#include <memory>
#include <mutex>
#include <string>

START_NAMESPACE_DISTRHO

/// Stereo as two voices of a mono model. Without a model, the input passes.
class Heavy final : public Plugin {
 public:
  Heavy() : Plugin(1, 0, 1) {
    const char* const path = std::getenv("INLAY_HEAVY_MODEL");
    if (path != nullptr && !isDummyInstance()) Heavy::setState("model", path);
  }

 protected:
  const char* getLabel() const override { return "inlay_heavy"; }
  const char* getDescription() const override { return "Plays heavy models on other threads"; }
  const char* getMaker() const override { return "inlay"; }
  const char* getLicense() const override { return "https://spdx.org/licenses/BSD-3-Clause"; }
  uint32_t getVersion() const override { return d_version(0, 1, 0); }
  int64_t getUniqueId() const override { return d_cconst('i', 'n', 'H', 'v'); }

  void initAudioPort(bool input, uint32_t index, AudioPort& port) override {
    port.groupId = kPortGroupStereo;
    Plugin::initAudioPort(input, index, port);
  }
  /// A meter: blocks that came too late and were replaced by the dry signal.
  void initParameter(uint32_t, Parameter& parameter) override {
    parameter.hints = kParameterIsOutput | kParameterIsInteger;
    parameter.name = "Late";
    parameter.symbol = "late";
    parameter.ranges = ParameterRanges(0, 0, 1000000);
  }
  void initState(uint32_t, State& state) override {
    state.hints = kStateIsFilenamePath;
    state.key = "model";
    state.label = "Model";
  }
  float getParameterValue(uint32_t) const override { return late_.load(std::memory_order_relaxed); }
  void setParameterValue(uint32_t, float) override {}

  String getState(const char*) const override {
    const std::lock_guard lock(loading_);
    return String(path_.c_str());
  }
  /// The first model makes the session, which plays from the next activation on; those after it fade in while it plays.
  void setState(const char*, const char* path) override {
    const std::lock_guard lock(loading_);
    if (*path == 0) return;
    try {
      Engine engine(inlay::Model<float>::load(std::filesystem::path(path)), {.voices = 2});
      if (session_) session_->exchange(std::move(engine));
      else
        session_ = std::make_unique<Session>(std::move(engine), Pool::shared(), Options{.hop = 512, .miss = Miss::dry});
      path_ = path;
    } catch (const std::exception& error) {
      d_stderr("inlay heavy: %s", error.what());
    }
  }

  /// Measures the engine, plans the latency, and refuses a host that the engine cannot keep up with.
  void activate() override {
    const std::lock_guard lock(loading_);
    playing_ = nullptr;
    if (!session_) return;
    try {
      session_->prepare({.block = double(getBufferSize()), .rate = getSampleRate(), .varying = true},
                        Budget::measured());
      playing_ = session_.get();
    } catch (const std::exception& error) {
      d_stderr("inlay heavy: %s", error.what());
    }
    setLatency(playing_ != nullptr ? static_cast<uint32_t>(playing_->latency()) : 0);
  }

  void run(const float** in, float** out, uint32_t frames) override {
    if (playing_ != nullptr) {
      playing_->process(in, out, frames);
      late_.store(static_cast<float>(playing_->stats().misses), std::memory_order_relaxed);
      return;
    }
    for (int c = 0; c < 2; ++c)
      if (out[c] != in[c]) std::copy_n(in[c], frames, out[c]);
  }

 private:
  using Engine = inlay::host::ModelEngine<inlay::Model<float>>;
  using Session = inlay::host::Session;
  using Options = inlay::host::SessionOptions;
  using Pool = inlay::host::Pool;
  using Budget = inlay::host::Budget;
  using Miss = inlay::host::Miss;

  std::unique_ptr<Session> session_;
  Session* playing_ = nullptr;  // of the audio thread
  std::atomic<float> late_{0};
  mutable std::mutex loading_;
  std::string path_;
};

Plugin* createPlugin() { return new Heavy; }

END_NAMESPACE_DISTRHO
