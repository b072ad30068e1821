/// Options of a WaveNet from a file.
#include <filesystem>
#include <type_traits>

#include "../networks/networks.hpp"
#include "inlay/inlay.hpp"
#include "options.hpp"

namespace {

using namespace inlay;
using namespace inlay::bench;

/// Adds the WaveNet; its size is the channels of the larger array. Loading runs the file's check.
template <class B>
void add_wavenet(const char* option) {
  Networks<B>::for_each([&]<class Model>(const char* name, const char* file) {
    if constexpr (std::is_same_v<Model, typename Networks<B>::WaveNet>)
      suite().cases.push_back(
          {{name, 16}, option, [file] { return loaded<Model>(std::filesystem::path(INLAY_BENCH_ROOT) / file); }});
  });
}

[[maybe_unused]] const bool added = [] {
  add_wavenet<default_backend>("exact");
  add_wavenet<fast_backend>("fast");
  suite().names.push_back(suite().cases.back().name);
  return true;
}();

}  // namespace
