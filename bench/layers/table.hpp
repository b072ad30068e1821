/// Table: the results as one row per layer and size, and one column per block size and backend.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace inlay::bench {

/// Reporter of benchmarks with names layer/size/backend/work. Reports the fastest of several repetitions, because other
/// load on a machine only adds time.
class Table : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }

  void ReportRuns(const std::vector<Run>& runs) override {
    if (runs.empty()) return;
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      const std::string& name = run.run_name.function_name;
      const std::size_t middle = name.find('/', name.find('/') + 1), last = name.rfind('/');
      const Cell place{insert(rows_, name.substr(0, middle)),
                       insert(columns_, {name.substr(last + 1), name.substr(middle + 1, last - middle - 1)})};
      benchmark::UserCounters& best = cells_[place];
      if (!best.count("ns") || (run.counters.count("ns") && run.counters.at("ns") < best.at("ns"))) best = run.counters;
    }
    std::fprintf(stderr, "\r%-40s", runs.front().run_name.function_name.c_str());
  }

  void Finalize() override {
    clear_progress();
    print("ns per sample", "ns", 1);
    print("real-time factor at 48 kHz", "realtime", 0);
    print("share of the FMA peak in %", "peak_share", 1, 100);
  }

 protected:
  /// Returns the measurements of `layer/size` on a backend, in any block size: null if there are none, empty if the
  /// output was wrong.
  const benchmark::UserCounters* find(std::string_view row, std::string_view backend) const {
    for (const auto& [place, cell] : cells_)
      if (rows_[place.first] == row && columns_[place.second].second == backend) return &cell;
    return nullptr;
  }
  static void clear_progress() { std::fprintf(stderr, "\r%-40s\r", ""); }

 private:
  using Cell = std::pair<std::size_t, std::size_t>;

  template <class X>
  static std::size_t insert(std::vector<X>& list, X x) {
    const auto at = std::find(list.begin(), list.end(), x);
    if (at != list.end()) return std::size_t(at - list.begin());
    list.push_back(std::move(x));
    return list.size() - 1;
  }

  void print(const char* title, const char* counter, int digits, double scale = 1) const {
    std::printf("\n%s\n%-20s", title, "");
    for (const auto& [work, backend] : columns_) std::printf("%12s", work.c_str());
    std::printf("\n%-20s", "");
    for (const auto& [work, backend] : columns_) std::printf("%12s", backend.c_str());
    std::printf("\n");
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      std::string line;
      bool any = false;
      for (std::size_t column = 0; column < columns_.size(); ++column) {
        char text[32] = "";
        if (const auto cell = cells_.find({row, column}); cell != cells_.end()) {
          const bool has = cell->second.count(counter) != 0, wrong = cell->second.empty();
          if (has) std::snprintf(text, sizeof text, "%.*f", digits, scale * cell->second.at(counter).value);
          else if (wrong) std::snprintf(text, sizeof text, "wrong");
          any = any || has || wrong;
        }
        line.append(12 - std::min<std::size_t>(12, std::string_view(text).size()), ' ').append(text);
      }
      if (any) std::printf("%-20s%s\n", rows_[row].c_str(), line.c_str());
    }
  }

  std::vector<std::string> rows_;
  std::vector<std::pair<std::string, std::string>> columns_;
  std::map<Cell, benchmark::UserCounters> cells_;
};

}  // namespace inlay::bench
