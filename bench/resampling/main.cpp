// Prints the tables of docs/sample-rates.md: what hosts at several sample rates get of a model at 48 kHz.
//   resampling hosts               each host rate and quality
//   resampling libraries           inlay's filters beside libraries
//   resampling lstm examples/amp   an LSTM: resampled, and corrected for the host's rate
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <inlay/inlay.hpp>
#include <inlay/plugin/interleaved.hpp>
#include <inlay/plugin/resampled.hpp>
#include <numeric>
#include <string_view>

#include "measure.hpp"
#include "support/guitar.hpp"

namespace {

using inlay::Resampling;
constexpr double model_rate = 48000;
constexpr double hosts[] = {44100, 88200, 96000, 192000};

/// One direction of a Resampled.
class Own final : public Converter {
 public:
  Own(Resampling quality, double from, double to)
      : divisor_(std::gcd(std::size_t(from), std::size_t(to))),
        ratio_{std::size_t(from) / divisor_, std::size_t(to) / divisor_},
        filter_(inlay::detail::low_pass(quality, std::fmin(from, to)), from, ratio_.to),
        converter_(filter_, ratio_, 0, 1, room) {}
  std::size_t run(const float* in, std::size_t frames, float* out, std::size_t) override {
    std::size_t made = 0;
    for (std::size_t done = 0; done < frames;) {
      const std::size_t n = std::min(frames - done, room);
      std::copy_n(in + done, n, converter_.room_for(n)[0]);
      converter_.wrote(n);
      done += n;
      float* to = out + made;
      const std::size_t ready = converter_.ready();
      converter_.read(&to, ready);
      made += ready;
    }
    return made;
  }

 private:
  static constexpr std::size_t room = 1024;
  std::size_t divisor_;
  inlay::detail::RateRatio ratio_;
  inlay::detail::InterpolationFilter<float> filter_;
  inlay::detail::RateConverter<float> converter_;
};

struct Quality {
  const char* name;
  Resampling value;
  double edge;
};
constexpr Quality qualities[] = {{"low_latency", Resampling::low_latency, 18000},
                                 {"standard", Resampling::standard, 20000},
                                 {"best", Resampling::best, 20000}};

Make own(Resampling quality) {
  return [quality](double from, double to) { return std::make_unique<Own>(quality, from, to); };
}

/// Nothing: what is left is the conversion.
using Through = inlay::ModelT<inlay::Identity<1>>;

void print_hosts() {
  std::printf(
      "| host | quality | latency, frames | ms | level at 18 kHz, dB | at 20 kHz | false tones, dB | ns a sample, "
      "calls of 64 | of 512 |\n|---|---|---|---|---|---|---|---|---|\n");
  for (const double host : hosts)
    for (const Quality& quality : qualities) {
      inlay::Resampled<Through> model({}, {.host_rate = host, .model_rate = model_rate, .quality = quality.value});
      const Figures figures = measure(own(quality.value), host, model_rate, quality.edge);
      const double ns_64 = cost(model, 64), ns_512 = cost(model, 512);
      std::printf("| %g kHz | `%s` | %zu | %.2f | %.2f | %.2f | %.0f | %.0f | %.0f |\n", host / 1000, quality.name,
                  model.latency(), 1000 * double(model.latency()) / host, figures.level_18, figures.level_20,
                  figures.false_tones, ns_64, ns_512);
    }
}

void print_libraries() {
  std::vector<Named> all = libraries();
  for (const Quality& quality : qualities) all.push_back({std::string("inlay, ") + quality.name, own(quality.value)});
  for (const double host : hosts) {
    std::printf(
        "\n%g kHz, model at 48 kHz:\n\n| | level at 18 kHz, dB | at 20 kHz | false tones, dB | latency, frames | ms "
        "| ns a sample, calls of 64 | of 512 | allocations | cuts change the output |\n"
        "|---|---|---|---|---|---|---|---|---|---|\n",
        host / 1000);
    for (const auto& [name, make] : all) {
      const Figures f = measure(make, host, model_rate, 18000);
      std::printf("| %s | %.2f | %.2f | %.0f | %zu | %.2f | %.0f | %.0f | %zu | %s |\n", name.c_str(), f.level_18,
                  f.level_20, f.false_tones, f.latency, 1000 * double(f.latency) / host, f.ns_64, f.ns_512,
                  f.allocations, f.different == 0 ? "no" : "yes");
    }
  }
}

/// The amplifier at the host's rate, resampled and rate corrected, against itself at its own rate between exact
/// conversions.
void print_lstm(const std::filesystem::path& folder) {
  using Amp = inlay::ModelT<inlay::LSTM<1, 20>, inlay::Dense<20, 1>>;
  using Linear = inlay::ModelT<inlay::RateCorrected<inlay::LSTM<1, 20>, 8, 1>, inlay::Dense<20, 1>>;
  using Cubic = inlay::ModelT<inlay::RateCorrected<inlay::LSTM<1, 20>, 8, 3>, inlay::Dense<20, 1>>;
  Amp own_rate;
  own_rate.load(folder / "amp.json");
  const std::vector<float> all = read_wav(folder / "guitar.wav");
  const std::vector<float> guitar(all.begin() + 48000, all.begin() + 3 * 48000);

  std::printf(
      "| host | | latency, frames | error, dB | ns a sample, calls of 64 | of 512 |\n|---|---|---|---|---|---|\n");
  for (const double host : hosts) {
    const std::vector<float> in = converted_offline(guitar, model_rate, host);
    const std::vector<float> at_48 = converted_offline(in, host, model_rate);
    std::vector<float> out_48(at_48.size()), out(in.size());
    own_rate.reset();
    own_rate.process(std::span(at_48), std::span(out_48));
    const std::vector<float> expected = converted_offline(out_48, model_rate, host);
    const auto row = [&](const char* name, auto& model, std::size_t latency) {
      model.process(std::span<const float>(in), std::span(out));
      const double error = error_in_db(out, expected, latency, static_cast<std::size_t>(host / 2));
      const double ns_64 = cost(model, 64), ns_512 = cost(model, 512);
      std::printf("| %g kHz | %s | %zu | %.0f | %.0f | %.0f |\n", host / 1000, name, latency, error, ns_64, ns_512);
    };
    row("at the host's rate as it is", own_rate, 0);
    const auto corrected = [&]<class M>(const char* name, M&& model) {
      model.load(folder / "amp.json");
      if (model.set_sample_rate(host, model_rate)) row(name, model, 0);
    };
    if (const double factor = host / model_rate; factor == std::floor(factor)) {
      inlay::Interleaved<Amp> model(own_rate, static_cast<std::size_t>(factor));
      row("`Interleaved`", model, 0);
    }
    corrected("`RateCorrected`, order 1", Linear());
    corrected("`RateCorrected`, order 3", Cubic());
    for (const Quality& quality : qualities) {
      inlay::Resampled<Amp> model(own_rate, {.host_rate = host, .model_rate = model_rate, .quality = quality.value});
      row((std::string("`Resampled`, `") + quality.name + "`").c_str(), model, model.latency());
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "hosts") print_hosts();
  else if (what == "libraries") print_libraries();
  else if (what == "lstm" && argc == 3) print_lstm(argv[2]);
  else return std::fprintf(stderr, "usage: resampling hosts | libraries | lstm examples/amp\n"), 2;
}
