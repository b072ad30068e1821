/// An adapter for an engine that inlay does not know: what TensorFlow Lite, a GPU or a network needs looks like this.
#include <algorithm>
#include <cstdio>
#include <inlay/host.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "simulated_host.hpp"

using namespace inlay::host;  // NOLINT(google-build-using-namespace)

/// Stands for somebody's library: tensors of its own, a call that runs, errors as a status.
class Interpreter {
 public:
  explicit Interpreter(const std::string& file) : ok_(!file.empty()) {}
  bool ok() const { return ok_; }
  std::vector<float>& input() { return input_; }
  const std::vector<float>& output() const { return output_; }
  int invoke() {
    std::transform(input_.begin(), input_.end(), output_.begin(), [](float x) { return -x; });
    return 0;
  }

 private:
  bool ok_;
  std::vector<float> input_ = std::vector<float>(512), output_ = input_;
};

/// The adapter. Not for the audio thread, because it does not say `real_time`.
class InterpreterEngine {
 public:
  explicit InterpreterEngine(std::string file) : file_(std::move(file)), interpreter_(make()) {}
  // A copy is a further lane: it has an interpreter of its own.
  InterpreterEngine(const InterpreterEngine& other) : file_(other.file_), interpreter_(make()) {}
  InterpreterEngine(InterpreterEngine&&) = default;

  Ports ports() const { return {{Port::stream(1, 512, "audio")}, {Port::stream(1, 512, "audio")}}; }
  bool stateless() const noexcept { return true; }
  bool run(Job& job) {
    std::copy_n(job.in[0].channel(0), 512, interpreter_->input().begin());
    if (interpreter_->invoke() != 0) return false;  // counted; the listener hears what Miss says
    std::copy_n(interpreter_->output().begin(), 512, job.out[0].channel(0));
    return true;
  }
  void reset() noexcept {}

 private:
  std::unique_ptr<Interpreter> make() const {
    auto interpreter = std::make_unique<Interpreter>(file_);
    if (!interpreter->ok()) throw std::runtime_error(file_ + ": cannot be loaded");
    return interpreter;
  }
  std::string file_;
  std::unique_ptr<Interpreter> interpreter_;
};

int main() {
  Session session(InterpreterEngine("model.tflite"), Pool::shared(), {.lanes = 2});
  session.prepare({.block = 128, .rate = 48000}, Budget::measured());
  example::play(session, 1, 128, "an adapter, two lanes");
}
