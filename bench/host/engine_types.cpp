/// inlay's ModelT, in the callback and on the pool, and a bypass.
#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "../networks/networks.hpp"
#include "engines.hpp"
#include "inlay/inlay.hpp"

namespace inlay::bench {
namespace {

using B = default_backend;
/// The window moves by one frame, as in the paper, not by 150 as in ../networks.
using Hnn11k = ModelT<
    Windowed<150, 1, TimePad<1, 12, 12, B>, StridedConv1D<1, 16, 12, 12, 1, 1, B>, ReLU<16, B>, TimePad<16, 12, 12, B>,
             StridedConv1D<16, 16, 12, 12, 1, 1, B>, ReLU<16, B>, LSTM<16, 36, B>, Dense<36, 1, B>>>;

/// A model that is not copied: CNN-29k with its state has 3.7 MB, which a stack has not.
template <class Model>
struct Kept {
  static constexpr bool real_time = true;
  std::shared_ptr<Model> model;
  host::ModelEngine<Model, std::reference_wrapper<Model>> engine{std::ref(*model)};
  host::Ports ports() const { return engine.ports(); }
  bool run(host::Job& job) noexcept { return engine.run(job); }
  void reset() noexcept { engine.reset(); }
};

template <class Model>
std::optional<host::Session> session_of(const HostSetup& setup, bool in_callback) {
  Kept<Model> model{std::make_shared<Model>()};
  model.model->load(std::filesystem::path(setup.file(".json")));
  host::SessionOptions options{.hop = setup.hop, .warm_up = setup.warm_up};
  if (!in_callback) return host::Session(std::move(model), setup.pool, options);
  if (setup.hop == setup.block) options.hop = 0;  // without copies
  return host::Session(std::move(model), host::on_audio_thread, options);
}

std::optional<host::Session> make(const HostSetup& setup, bool in_callback) {
  const auto is = [&](std::string_view name) { return setup.model == name; };
  if (is("CNN-29k")) return session_of<Networks<B>::Cnn29k>(setup, in_callback);
  if (is("CNN-15k")) return session_of<Networks<B>::Cnn15k>(setup, in_callback);
  if (is("CNN-1k")) return session_of<Networks<B>::Cnn1k>(setup, in_callback);
  if (is("RNN-2k")) return session_of<Networks<B>::Rnn2k>(setup, in_callback);
  if (is("HNN-11k")) return session_of<Hnn11k>(setup, in_callback);
  return {};
}

/// Copies: what remains is the session itself.
struct Bypass {
  std::size_t hop;
  host::Ports ports() const { return {{host::Port::stream(1, hop)}, {host::Port::stream(1, hop)}}; }
  bool run(host::Job& job) noexcept {
    std::copy_n(job.in[0].data(), hop, job.out[0].data());
    return true;
  }
  void reset() noexcept {}
};

[[maybe_unused]] const bool added = [] {
  host_engines().push_back({"inlay-callback", 0, false, [](const HostSetup& setup) { return make(setup, true); }});
  host_engines().push_back({"inlay-pool", 1, false, [](const HostSetup& setup) { return make(setup, false); }});
  host_engines().push_back({"bypass", 9, false, [](const HostSetup& setup) {
                              return host::Session(Bypass{setup.hop}, setup.pool, {.warm_up = setup.warm_up});
                            }});
  return true;
}();

}  // namespace
}  // namespace inlay::bench
