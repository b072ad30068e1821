// What .nam files say, evaluated plainly: in double, one weight after the other in the order of the list.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "document.hpp"

namespace plain {

/// [frames][channels]
using Signal = std::vector<std::vector<double>>;

/// Weight number i of every model here.
double weight(std::size_t i);
/// The first so many of them.
std::vector<double> weights(std::size_t count);

Signal noise(std::size_t frames, std::size_t channels);

/// A .nam file of this version, with this config and so many weights.
Document nam(const char* version, std::string_view architecture, const Document& config, std::size_t weight_count);

/// A convolution whose weights begin at number `at`, taken one by one in the file's order.
struct Conv {
  std::size_t in, out, taps, dilation, groups;
  bool bias;
  std::size_t at = 0;

  std::size_t count() const { return taps * in * out / groups + (bias ? out : 0); }
  Signal run(const Signal& x) const;
};

/// A WaveNet's config, evaluated; `used` is then its number of weights.
class WaveNet {
 public:
  explicit WaveNet(Document config);

  Signal run(const Signal& x);

  /// The file: the config, and as many weights as it needs.
  Document document(const Signal& x);

  std::size_t used = 0;

 private:
  /// FiLM layer by the condition, or nothing where its size is 0.
  struct Film {
    Conv conv;
    std::size_t size;
    bool shift;
  };

  Conv take(Conv conv);
  Film film(const Document& array, const char* key, std::size_t size);
  Signal apply(const Film& film, Signal x) const;
  void array(const Document& config, Signal& x, Signal& head);

  Document config_;
  Signal condition_;
};

}  // namespace plain
