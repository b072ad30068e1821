/// Distribution: durations, their quantiles and their tail.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

namespace inlay::bench {

/// Durations in ns. At least one.
class Distribution {
 public:
  explicit Distribution(std::vector<std::int32_t> ns) : sorted_(std::move(ns)) {
    std::sort(sorted_.begin(), sorted_.end());
  }
  double quantile(double q) const {
    return sorted_[static_cast<std::size_t>(q * static_cast<double>(sorted_.size() - 1) + 0.5)];
  }
  double mean() const {
    return std::accumulate(sorted_.begin(), sorted_.end(), 0.0) / static_cast<double>(sorted_.size());
  }
  double longest() const { return sorted_.back(); }

  /// Appends lines "`label`,share,ns" to a file: the share of the durations that are at least so long, ten for each
  /// power of ten.
  void append_tail(const std::string& file, const std::string& label) const {
    std::FILE* const to = std::fopen(file.c_str(), "a");
    if (to == nullptr) return;
    const auto count = static_cast<double>(sorted_.size());
    for (double share = 1; share * count >= 1; share *= std::pow(10, -0.1)) {
      const auto above = static_cast<std::size_t>(share * count + 0.5);
      std::fprintf(to, "%s,%.4g,%d\n", label.c_str(), static_cast<double>(above) / count,
                   sorted_[sorted_.size() - above]);
    }
    std::fclose(to);
  }

 private:
  std::vector<std::int32_t> sorted_;
};

}  // namespace inlay::bench
