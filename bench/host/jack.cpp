// A client of JACK whose engine is slow on purpose: how long callbacks take, results that are late, xruns.
//   host_jack [KEY=VALUE...]   see `keys` below. Prints one line of CSV, and a header with header=1.
#include <jack/jack.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "arguments.hpp"
#include "busy.hpp"
#include "distribution.hpp"
#include "inlay/host.hpp"

namespace {

using namespace inlay::bench;
using inlay::host::Pool, inlay::host::Session;
using Clock = std::chrono::steady_clock;

const std::map<std::string, std::string> keys = {
    {"hop", "2048: frames of a job"},
    {"load", "0.5: share of a hop's duration that a job keeps a worker busy"},
    {"seconds", "10: measured"},
    {"tail", ": a file to which the distribution is appended"},
    {"header", "0: 1 prints the names of the columns"}};

struct Client {
  jack_client_t* jack;
  Session session;
  jack_port_t *in = nullptr, *out = nullptr;
  std::vector<std::int32_t> ns{};
  std::atomic<std::size_t> callbacks{0}, xruns{0};
  std::atomic<bool> measures{false};

  int process(jack_nframes_t frames) noexcept {
    const auto* const from = static_cast<const float*>(jack_port_get_buffer(in, frames));
    auto* const to = static_cast<float*>(jack_port_get_buffer(out, frames));
    const auto before = Clock::now();
    session.process(&from, &to, frames);
    const auto after = Clock::now();
    if (const std::size_t i = callbacks.load(std::memory_order_relaxed); measures.load() && i < ns.size()) {
      ns[i] = static_cast<std::int32_t>((after - before).count());
      callbacks.store(i + 1, std::memory_order_release);
    }
    return 0;
  }
};

void connect(jack_client_t* jack, const char* from, const char* to) {
  if (jack_connect(jack, from, to) != 0) throw std::runtime_error(std::string("cannot connect ") + from + " to " + to);
}

}  // namespace

int main(int argc, char** argv) try {
  const Arguments arguments(argc, argv, keys);
  jack_client_t* const jack = jack_client_open("inlay", JackNoStartServer, nullptr);
  if (jack == nullptr) throw std::runtime_error("there is no JACK server");
  const std::size_t hop = arguments.count("hop"), block = jack_get_buffer_size(jack);
  const double rate = jack_get_sample_rate(jack), hop_ms = 1000 * static_cast<double>(hop) / rate;
  const double run_ms = arguments.number("load") * hop_ms;
  Client client{jack, Session(Busy{hop, 1, 1000 * run_ms}, Pool::shared())};
  client.session.prepare({.block = static_cast<double>(block), .rate = rate},
                         {.run_ms = std::min(1.5 * run_ms, 0.9 * hop_ms), .wake_ms = 0.1});
  client.ns.resize(static_cast<std::size_t>(arguments.number("seconds") * rate / static_cast<double>(block)));
  client.in = jack_port_register(jack, "in", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, 0);
  client.out = jack_port_register(jack, "out", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, 0);
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
  connect(jack, "system:capture_1", "inlay:in");
  connect(jack, "inlay:out", "system:playback_1");
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const auto before = client.session.stats();
  client.measures.store(true);
  while (client.callbacks.load(std::memory_order_acquire) < client.ns.size())
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  client.measures.store(false);
  const auto after = client.session.stats();
  const auto latency = client.session.latency();
  jack_deactivate(jack);
  jack_client_close(jack);

  const Distribution ns(client.ns);
  if (arguments.number("header") != 0)
    std::printf("hop,block,run_ms,latency,callbacks,p50,p99,p999,max,runs,misses,missing_frames,xruns\n");
  std::printf("%zu,%zu,%.3g,%zu,%zu,%.0f,%.0f,%.0f,%.0f,%llu,%llu,%llu,%zu\n", hop, block, run_ms, latency,
              client.ns.size(), ns.quantile(0.5), ns.quantile(0.99), ns.quantile(0.999), ns.longest(),
              static_cast<unsigned long long>(after.runs - before.runs),
              static_cast<unsigned long long>(after.misses - before.misses),
              static_cast<unsigned long long>(after.missing_frames - before.missing_frames), client.xruns.load());
  if (const std::string& file = arguments.text("tail"); !file.empty())
    ns.append_tail(file, std::to_string(hop) + "," + std::to_string(block) + ",1");
} catch (const std::exception& error) {
  std::fprintf(stderr, "host_jack: %s\n", error.what());
  return 1;
}
