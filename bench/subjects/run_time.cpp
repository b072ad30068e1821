/// The run-time model. Compiled once per backend in CMakeLists.txt.
#include "inlay/run_time.hpp"
#include "inlay/backend/all.hpp"

#include <memory>
#include <utility>

#include "model.hpp"
#include "player.hpp"

#if INLAY_BENCH_HAS_BACKEND

namespace {

using namespace inlay::bench;
using Model = inlay::Model<Scalar, inlay::INLAY_BENCH_BACKEND<Scalar>>;

std::unique_ptr<Subject> make(const std::filesystem::path& base) {
  auto model = std::make_unique<Model>(Model::load(std::filesystem::path(base.string() + ".json")));
  const std::size_t in = model->in_size(), out = model->out_size(), side = model->condition_size();
  return std::make_unique<ModelSubject<Model>>(std::move(model), in, out, side);
}

[[maybe_unused]] const auto& added = players().emplace_back(Player{INLAY_BENCH_NAME "-rt", {}, {}, make});

}  // namespace

#endif
