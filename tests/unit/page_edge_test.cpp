// A model does not read or write outside of the caller's buffers, which begin or end at an inaccessible page.
#include "support/backends.hpp"

#if __has_include(<sys/mman.h>)

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <inlay/engine.hpp>
#include <memory>
#include <span>
#include <utility>

using namespace inlay;

/// Two accessible pages between two inaccessible ones.
class Pages {
 public:
  Pages() : size_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    base_ = static_cast<std::byte*>(mmap(nullptr, 4 * size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(base_ + size_, 2 * size_, PROT_READ | PROT_WRITE);
  }
  ~Pages() { munmap(base_, 4 * size_); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  template <class T>
  T* first() const {
    return reinterpret_cast<T*>(base_ + size_);
  }
  /// The last `count` values of the accessible pages.
  template <class T>
  T* last(std::size_t count) const {
    return reinterpret_cast<T*>(base_ + 3 * size_) - count;
  }

 private:
  std::size_t size_;
  std::byte* base_;
};

template <class Model>
void run_at_the_edges() {
  using T = typename Model::scalar;
  const auto model = std::make_unique<Model>();
  const Pages in, out;
  constexpr std::size_t frames = tile_frames + 3;
  for (const bool end : {true, false}) {
    const auto place = [&](const Pages& pages, std::size_t count) {
      return end ? pages.last<T>(count) : pages.first<T>();
    };
    model->forward(std::span<const T, Model::in_size>(place(in, Model::in_size), Model::in_size),
                   std::span<T, Model::out_size>(place(out, Model::out_size), Model::out_size));
    const T* from[Model::in_size];
    T* to[Model::out_size];
    for (auto& channel : from) channel = place(in, frames);
    for (auto& channel : to) channel = place(out, frames);
    model->process(from, to, frames);
  }
}

template <class B>
class PageEdgeTest : public ::testing::Test {};
TYPED_TEST_SUITE(PageEdgeTest, OneBackend);

TYPED_TEST(PageEdgeTest, frames_of_any_size) {
  using B = TypeParam;
  []<std::size_t... N>(std::index_sequence<N...>) {
    (run_at_the_edges<ModelT<Dense<N, N, B>>>(), ...);
  }(std::index_sequence<1, 3, 5, 8, 13, 16, 33>{});
  run_at_the_edges<ModelT<Tanh<5, B>>>();
  run_at_the_edges<ModelT<Tanh<20, B>>>();
  run_at_the_edges<ModelT<Conv1D<20, 3, 3, 2, 1, B>>>();
  run_at_the_edges<ModelT<LSTM<12, 5, B>>>();
  run_at_the_edges<ModelT<Residual<Dense<12, 12, B>>, Gate<Tanh<6, B>, Sigmoid<6, B>>>>();
  run_at_the_edges<ModelT<InputAsCondition<Mixin<Dense<16, 16, B>>>, Slice<16, 3, 9, B>>>();
}

#endif
