#include "folder.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <system_error>
#include <thread>

#include "audio_file.hpp"
#include "problem.hpp"

namespace render {

namespace fs = std::filesystem;

std::vector<Job> jobs_of(const Job& folders) {
  std::map<fs::path, Job> jobs;  // in the order of names
  for (const fs::directory_entry& entry : fs::directory_iterator(folders.input)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || name.starts_with('.')) continue;
    fs::path file = entry.path().stem();
    file += ".wav";
    const auto [job, is_new] = jobs.emplace(
        file,
        Job{entry.path(), folders.output / file, folders.reference.empty() ? fs::path() : folders.reference / file});
    if (!is_new)
      throw Problem(folders.output / file, "file",
                    "would be written twice: for " + job->second.input.string() + " and " + entry.path().string());
  }
  std::vector<Job> list;
  for (auto& [name, job] : jobs) list.push_back(std::move(job));
  return list;
}

std::uint64_t frames_of(const std::vector<Job>& jobs) {
  std::uint64_t frames = 0;
  for (const Job& job : jobs) try {
      if (job.input != "-") frames += AudioInput(job.input).frames();
    } catch (const Problem&) {  // reported when it is rendered
    }
  return frames;
}

void run_all(const std::vector<Job>& jobs, const std::function<void(const Job&)>& task) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i; (i = next.fetch_add(1)) < jobs.size();) task(jobs[i]);
  };
  std::vector<std::jthread> threads;
  const std::size_t count = std::min<std::size_t>(jobs.size(), std::max(1U, std::thread::hardware_concurrency()));
  for (std::size_t i = 1; i < count; ++i) threads.emplace_back(work);
  work();
}

}  // namespace render
