// One model in the memory of one WebAssembly instance. instance.js calls these functions.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <inlay/io/read_model.hpp>
#include <inlay/plugin/guarded.hpp>
#include <inlay/plugin/levels.hpp>
#include <inlay/plugin/resampled.hpp>
#include <inlay/run_time.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using Model = inlay::Model<float>;
using ModelAtHostRate = inlay::Resampled<Model>;

constexpr std::size_t block = 1024;  // frames of `process` at most

/// A member of a JSON object.
std::string member(std::string_view name, const std::string& value) {
  return inlay::io::concat({"\"", name, "\":", value});
}
std::string member(std::string_view name, std::string_view text) { return member(name, inlay::io::json_string(text)); }
std::string member(std::string_view name, double number) {
  return member(name, std::isfinite(number) ? inlay::io::Json(number).text() : std::string("null"));
}
std::string object(std::initializer_list<std::string> members) {
  std::string text = "{";
  for (const std::string& m : members) text += (text.size() > 1 ? "," : "") + m;
  return text + "}";
}

class Player {
 public:
  /// `channels` audio channels: several voices of a mono model, or the channels of one voice.
  Player(const Model& model, std::string_view format, double host_rate, std::size_t channels)
      : voices_(checked_voices(model, channels)),
        model_(ModelAtHostRate(model, {.host_rate = host_rate, .model_rate = rate_of(model)}), voices_),
        in_(model.in_size() * voices_, block),
        out_(model.out_size() * voices_, block),
        knobs_(model.condition_size(), block),
        info_(described(model, format)) {}

  float* in(std::size_t channel) noexcept { return in_[channel]; }
  float* out(std::size_t channel) noexcept { return out_[channel]; }
  float* knob(std::size_t index) noexcept { return knobs_[index]; }
  const std::string& info() const noexcept { return info_; }

  void process(std::size_t frames) noexcept {
    model_.process(in_.channels(), out_.channels(), std::min(frames, block),
                   inlay::Condition<float>(knobs_.channels()));
  }
  void reset() noexcept { model_.reset(); }

  /// The output of largest magnitude within 4 ms after a step from silence to each x, with all knobs at their present
  /// values: an amplifier has no static curve, because its coupling capacitors stop a constant input.
  void curve(std::span<float> x_to_y) {
    const Model& model = model_.model().model();
    if (model.in_size() != 1 || model.out_size() != 1) return;
    auto at_rest = model.new_state();
    response(model, at_rest, 0, 16384);
    const auto frames = static_cast<std::size_t>(0.004 * rate_of(model)) + model.latency();
    for (float& value : x_to_y) {
      auto state = at_rest;
      const std::vector<float> y = response(model, state, value, frames);
      value = *std::max_element(y.begin(), y.end(), [](float a, float b) { return std::abs(a) < std::abs(b); });
    }
  }

 private:
  static double rate_of(const Model& model) { return model.sample_rate().value_or(48000); }

  static std::size_t checked_voices(const Model& model, std::size_t channels) {
    const std::size_t in = model.in_size();
    if (!model.one_to_one()) throw inlay::load_error("model", "one output frame per input frame", "another rate");
    if (in == 0 || channels % in != 0 || model.out_size() != in)
      throw inlay::load_error("model", inlay::io::concat({"1 or ", channels, " channels in and as many out"}),
                              inlay::io::concat({in, " in and ", model.out_size(), " out"}));
    return channels / in;
  }

  std::vector<float> response(const Model& model, Model::State& state, float x, std::size_t frames) {
    std::vector<float> signal(frames, x), values;
    for (std::size_t k = 0; k < model.condition_size(); ++k) values.push_back(knobs_[k][0]);
    float* const channel = signal.data();
    model.process(state, &channel, &channel, frames, inlay::Condition<float>(values));
    return signal;
  }

  std::string described(const Model& model, std::string_view format) const {
    const inlay::ModelInfo& info = model.info();
    const inlay::ModelLevels levels = inlay::levels_of(info);
    const auto number = [](std::size_t n) { return static_cast<double>(n); };
    return object(
        {member("format", format), member("channels", number(model.in_size())),
         member("knobs", number(model.condition_size())), member("sampleRate", rate_of(model)),
         member("parameters", number(model.parameters())), member("macsPerSample", number(model.macs_per_sample())),
         member("latency", number(model_.model().latency())),
         member("receptiveField", model_.model().receptive_field() == inlay::unbounded
                                      ? std::string("null")
                                      : std::to_string(model_.model().receptive_field())),
         member("outputGain", 20 * std::log10(inlay::gains_for(levels).out)),
         member("checkError", info.check_error ? inlay::io::Json(*info.check_error).text() : std::string("null")),
         member("metadata", info.metadata.empty() ? std::string("null") : info.metadata)});
  }

  std::size_t voices_;
  inlay::Guarded<ModelAtHostRate> model_;
  inlay::internal::ChannelMemory<float> in_, out_, knobs_;
  std::string info_;
};

std::unique_ptr<Player> player;
std::string error;

}  // namespace

#define EXPORT(name) extern "C" __attribute__((export_name(#name))) auto name

/// Loads a model from the text of a file, which `allocate` made room for and which this frees. Returns 0, with `error`
/// set, if it cannot be loaded.
EXPORT(load)(char* text, std::size_t bytes, double host_rate, std::size_t channels, double size)->int {
  const std::unique_ptr<char, decltype(&std::free)> owned(text, &std::free);
  try {
    const std::string_view view(text, bytes);
    player = std::make_unique<Player>(Model::load_text(view, {.size = size}), inlay::io::format_name(view), host_rate,
                                      channels);
    return 1;
  } catch (const inlay::load_error& e) {
    error = object({member("message", std::string_view(e.what())), member("place", std::string_view(e.place())),
                    member("layer", std::string_view(e.layer())), member("expected", std::string_view(e.expected())),
                    member("found", std::string_view(e.found()))});
  } catch (const std::exception& e) {
    error = object({member("message", std::string_view(e.what()))});
  }
  return 0;
}
EXPORT(allocate)(std::size_t bytes)->void* { return std::malloc(bytes); }
/// Texts in JSON, zero-terminated.
EXPORT(error_text)()->const char* { return error.c_str(); }
EXPORT(info_text)()->const char* { return player->info().c_str(); }
/// Memory of the channels that `process` reads and writes, `block_frames` frames each.
EXPORT(in)(std::size_t channel)->float* { return player->in(channel); }
EXPORT(out)(std::size_t channel)->float* { return player->out(channel); }
EXPORT(knob)(std::size_t index)->float* { return player->knob(index); }
EXPORT(block_frames)()->std::size_t { return block; }
EXPORT(process)(std::size_t frames)->void { player->process(frames); }
EXPORT(reset)()->void { player->reset(); }
/// Replaces inputs by the outputs of the transfer curve.
EXPORT(curve)(float* values, std::size_t count)->void { player->curve({values, count}); }
/// The end of the memory that is in use.
EXPORT(used_bytes)()->std::size_t { return reinterpret_cast<std::uintptr_t>(sbrk(0)); }
