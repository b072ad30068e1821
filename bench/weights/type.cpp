// Models with weights of the type INLAY_BENCH_WEIGHT. Compiled once for each type.
#include <cstdint>

#include "inlay/inlay.hpp"
#include "inlay/io/player.hpp"
#include "inlay/run_time/model_on.hpp"
#include "weights.hpp"

namespace {

using namespace inlay;

std::vector<double> output(const io::ModelFile& file, const io::Check& check) {
  using B = default_backend_for<float, math::Accurate, INLAY_BENCH_WEIGHT>;
  auto model = Model<float, B>::of(file);
  const auto run = model.runnable();
  const auto found = io::Player<float>(run, check).by_frames();
  std::vector<double> values;
  for (std::size_t c = 0; c < run.out_size; ++c)
    for (std::size_t t = 0; t < found.frames; ++t) values.push_back(double(found.values[c * found.room + t]));
  return values;
}

[[maybe_unused]] const bool added =
    (bench::weight_types().push_back({INLAY_BENCH_NAME, double(sizeof(INLAY_BENCH_WEIGHT)), output}), true);

}  // namespace
