// A client of JACK that exchanges its stereo model every second: times of callbacks, xruns, memory.
//   plugin_soak MODEL MODEL [KEY=VALUE...]   see `keys` below. Prints a row of a table, and its head with header=1.
#include <jack/jack.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <inlay/plugin/model_slot.hpp>
#include <inlay/run_time.hpp>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "host/arguments.hpp"
#include "host/distribution.hpp"

namespace {

using namespace inlay::bench;
using Clock = std::chrono::steady_clock;

const std::map<std::string, std::string> keys = {{"seconds", "200: measured"},
                                                 {"period", "1: seconds from one exchange to the next"},
                                                 {"header", "0: 1 prints the names of the columns"}};

struct Client {
  explicit Client(jack_client_t* client) : jack(client) {
    for (std::size_t t = 0; t < tone.size(); ++t)
      tone[t] = static_cast<float>(0.4 * std::sin(0.0131 * double(t)) * std::exp(-double(t % 24000) / 8000));
  }
  jack_client_t* jack;
  inlay::ModelSlot<inlay::Model<float>> slot{{.voices = 2, .fade_frames = 1024}};
  std::array<jack_port_t*, 2> ports{};
  std::vector<float> tone = std::vector<float>(1 << 17);  // a guitar: a decaying tone
  std::size_t position = 0;
  std::vector<std::int32_t> ns{};
  std::atomic<std::size_t> callbacks{0}, xruns{0}, bad{0};
  std::atomic<bool> measures{false};

  int process(jack_nframes_t frames) noexcept {
    if (position + frames + 100 > tone.size()) position = 0;
    const float* const in[] = {tone.data() + position, tone.data() + position + 100};
    position += frames;
    float* out[2];
    for (std::size_t c = 0; c < 2; ++c) out[c] = static_cast<float*>(jack_port_get_buffer(ports[c], frames));
    const auto before = Clock::now();
    slot.process(in, out, frames);
    const auto after = Clock::now();
    for (std::size_t c = 0; c < 2; ++c)
      for (std::size_t t = 0; t < frames; ++t)
        if (!(std::abs(out[c][t]) < 10)) bad.fetch_add(1, std::memory_order_relaxed);
    if (const std::size_t i = callbacks.load(std::memory_order_relaxed); measures.load() && i < ns.size()) {
      ns[i] = static_cast<std::int32_t>(std::chrono::nanoseconds(after - before).count());
      callbacks.store(i + 1, std::memory_order_release);
    }
    return 0;
  }
};

/// Resident memory of the process in KiB.
long memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) throw std::runtime_error("usage: plugin_soak MODEL MODEL [KEY=VALUE...]");
  const Arguments arguments(argc - 2, argv + 2, keys);
  const std::filesystem::path models[] = {argv[1], argv[2]};
  jack_client_t* const jack = jack_client_open("inlay", JackNoStartServer, nullptr);
  if (jack == nullptr) throw std::runtime_error("there is no JACK server");
  const double block = jack_get_buffer_size(jack), rate = jack_get_sample_rate(jack);
  Client client(jack);
  client.ns.resize(static_cast<std::size_t>(arguments.number("seconds") * rate / block));
  client.slot.load(models[0]);
  for (std::size_t c = 0; c < 2; ++c)
    client.ports[c] = jack_port_register(jack, c == 0 ? "left" : "right", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
  jack_set_process_callback(
      jack, [](jack_nframes_t frames, void* self) { return static_cast<Client*>(self)->process(frames); }, &client);
  jack_set_xrun_callback(
      jack,
      [](void* self) {
        auto& c = *static_cast<Client*>(self);
        if (c.measures.load()) ++c.xruns;
        return 0;
      },
      &client);
  if (jack_activate(jack) != 0) throw std::runtime_error("cannot activate the client");
  jack_connect(jack, "inlay:left", "system:playback_1");
  jack_connect(jack, "inlay:right", "system:playback_2");

  const std::chrono::duration<double> period(arguments.number("period"));
  std::size_t exchanges = 0;
  const auto exchange = [&] {
    std::this_thread::sleep_for(period);
    client.slot.load(models[++exchanges % 2]);
  };
  for (int i = 0; i < 5; ++i) exchange();  // memory has settled
  const long before = memory();
  exchanges = 0;
  client.measures.store(true);
  while (client.callbacks.load(std::memory_order_acquire) < client.ns.size()) exchange();
  client.measures.store(false);
  const long after = memory();
  jack_deactivate(jack);
  jack_client_close(jack);

  const Distribution ns(client.ns);
  const double deadline = 1e9 * block / rate;
  if (arguments.number("header") != 0)
    std::printf(
        "| frames | deadline, us | median | 99.9%% | maximum | callbacks | exchanges | xruns | memory, KiB |\n"
        "|---|---|---|---|---|---|---|---|---|\n");
  std::printf("| %.0f | %.0f | %.1f%% | %.1f%% | %.1f%% | %zu | %zu | %zu | %ld to %ld |\n", block, deadline / 1000,
              100 * ns.quantile(0.5) / deadline, 100 * ns.quantile(0.999) / deadline, 100 * ns.longest() / deadline,
              client.ns.size(), exchanges, client.xruns.load(), before, after);
  if (client.bad.load() > 0) throw std::runtime_error("outputs beyond 10 or NaN");
} catch (const std::exception& error) {
  std::fprintf(stderr, "plugin_soak: %s\n", error.what());
  return 1;
}
