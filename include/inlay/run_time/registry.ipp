#pragma once

#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "inlay/io/error.hpp"
#include "inlay/io/record.hpp"
#include "inlay/run_time/registry.hpp"

namespace inlay::run_time {

namespace detail {

template <class T>
struct Registry {
  struct Entry {
    std::string type;
    MakeLayer<T> make;
    bool operator==(const Entry&) const = default;
  };
  std::mutex mutex;
  std::vector<Entry> entries;

  static Registry& all() {
    static Registry registry;
    return registry;
  }
};

}  // namespace detail

template <class T>
void add_layer_type(std::string_view type, MakeLayer<T> make) {
  auto& registry = detail::Registry<T>::all();
  const std::lock_guard lock(registry.mutex);
  const typename detail::Registry<T>::Entry entry{std::string(type), make};
  const bool known = std::find(registry.entries.begin(), registry.entries.end(), entry) != registry.entries.end();
  if (!known) registry.entries.push_back(entry);
}

template <class T>
std::unique_ptr<Operation<T>> make_added_layer(const io::LayerRecord& record, std::size_t width) {
  std::vector<MakeLayer<T>> makers;
  {
    auto& registry = detail::Registry<T>::all();
    const std::lock_guard lock(registry.mutex);
    for (const auto& entry : registry.entries)
      if (entry.type == io::type_of(record)) makers.push_back(entry.make);
  }
  std::optional<load_error> refusal;
  for (const MakeLayer<T> make : makers) {
    try {
      return make(record, width);
    } catch (const load_error& error) {
      refusal = error;
    }
  }
  if (refusal) throw *refusal;
  return nullptr;
}

}  // namespace inlay::run_time
