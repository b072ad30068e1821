/// The networks that types.py writes as C++ types.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "../subjects/model.hpp"
#include "inlay/inlay.hpp"

namespace inlay::bench {

/// Makes a subject with the weights of a file, for each number of a network.
inline auto& types() {
  static std::map<int, std::function<std::unique_ptr<Subject>(const io::ChainRecord&)>> types;
  return types;
}

/// Adds type M for network `number`. Translation units do so before `main`.
template <class M>
bool add_type(int number) {
  types()[number] = [](const io::ChainRecord& chain) {
    auto model = std::make_unique<M>();
    io::load_chain(model->layers(), chain);
    return subject_of(std::move(model));
  };
  return true;
}

}  // namespace inlay::bench
