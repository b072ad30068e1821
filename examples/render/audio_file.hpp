/// Audio files with libsndfile: block by block input, atomic output.
#pragma once

#include <sndfile.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "problem.hpp"

namespace render {

struct CloseAudio {
  void operator()(SNDFILE* file) const noexcept { sf_close(file); }
};
using AudioHandle = std::unique_ptr<SNDFILE, CloseAudio>;

/// Reads an audio file of any format that libsndfile supports, as floats in [-1, 1].
class AudioInput {
 public:
  /// The path "-" is standard input.
  explicit AudioInput(std::filesystem::path path) : path_(std::move(path)) {
    if (path_ == "-") {
      path_ = "standard input";
      handle_.reset(sf_open_fd(0, SFM_READ, &info_, SF_FALSE));
      if (!handle_) throw Problem(path_, "start of file", "expected audio: " + reason(nullptr));
      return;
    }
    std::error_code error;
    if (!std::filesystem::exists(path_, error)) throw Problem(path_, "file", "expected an audio file, found none");
    if (std::filesystem::is_directory(path_, error))
      throw Problem(path_, "file", "expected an audio file, found a directory");
    handle_.reset(sf_open(path_.string().c_str(), SFM_READ, &info_));
    if (!handle_) throw Problem(path_, "start of file", "expected audio: " + reason(nullptr));
  }

  const std::filesystem::path& path() const noexcept { return path_; }
  std::size_t channels() const noexcept { return static_cast<std::size_t>(info_.channels); }
  int sample_rate() const noexcept { return info_.samplerate; }
  /// Number of frames from the header; a very large number if the header has none, as for a pipe.
  std::uint64_t frames() const noexcept { return static_cast<std::uint64_t>(info_.frames); }

  /// Reads up to `frames` interleaved frames. Returns the number of frames read, which is smaller only at the end.
  std::size_t read(float* interleaved, std::size_t frames) {
    const sf_count_t count = sf_readf_float(handle_.get(), interleaved, static_cast<sf_count_t>(frames));
    position_ += count;
    if (sf_error(handle_.get()) != SF_ERR_NO_ERROR)
      throw Problem(path_, "frame " + std::to_string(position_), "expected audio: " + reason(handle_.get()));
    return static_cast<std::size_t>(count);
  }

  /// libsndfile's error message, without the full stop and new line at its end.
  static std::string reason(SNDFILE* file) {
    std::string text = sf_strerror(file);
    while (!text.empty() && (text.back() == '.' || text.back() == '\n' || text.back() == ' ')) text.pop_back();
    for (char& c : text)
      if (c == '\n') c = ' ';
    return text;
  }

 private:
  std::filesystem::path path_;
  SF_INFO info_{};
  AudioHandle handle_;
  sf_count_t position_ = 0;
};

/// Writes a float32 WAV file. It writes to a temporary file beside the target and renames it in `finish`. If anything
/// fails before, the temporary file is removed and an existing target is unchanged.
class WavOutput {
 public:
  /// Writes WAV, or RF64 if `expected_frames` exceed the limit of 4 GiB.
  WavOutput(const std::filesystem::path& path, std::size_t channels, int sample_rate, std::uint64_t expected_frames)
      : path_(path), frame_bytes_(channels * sizeof(float)) {
    std::error_code error;
    // Links are followed. Devices and directories must not be replaced.
    target_ = std::filesystem::weakly_canonical(path, error);
    if (error) target_ = path;
    const auto kind = std::filesystem::status(target_, error).type();
    if (kind == std::filesystem::file_type::directory)
      throw Problem(path_, "file", "expected a name to write to, found a directory");
    if (kind != std::filesystem::file_type::regular && kind != std::filesystem::file_type::not_found)
      throw Problem(path_, "file", "expected a name to write to, found something that is not a plain file");
    partial_ = target_;
    partial_ += ".partial";

    constexpr std::uint64_t wav_limit = 0xffff0000;
    const bool is_long = expected_frames > wav_limit / frame_bytes_ && expected_frames != unknown_length;
    SF_INFO info{};
    info.channels = static_cast<int>(channels);
    info.samplerate = sample_rate;
    info.format = (is_long ? SF_FORMAT_RF64 : SF_FORMAT_WAV) | SF_FORMAT_FLOAT;
    handle_.reset(sf_open(partial_.string().c_str(), SFM_WRITE, &info));
    if (!handle_) throw Problem(path_, "file", "expected a name to write to: " + AudioInput::reason(nullptr));
    // The PEAK chunk contains a time stamp. Without it, equal renderings give equal files.
    sf_command(handle_.get(), SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);
  }

  ~WavOutput() {
    if (!handle_) return;
    handle_.reset();
    std::error_code ignored;
    std::filesystem::remove(partial_, ignored);
  }
  WavOutput(const WavOutput&) = delete;
  WavOutput& operator=(const WavOutput&) = delete;

  void write(const float* interleaved, std::size_t frames) {
    const auto count = static_cast<sf_count_t>(frames);
    const sf_count_t written = sf_writef_float(handle_.get(), interleaved, count);
    if (written > 0) position_ += written;
    if (written != count) fail();
  }

  /// Completes the file and moves it to its target.
  void finish() {
    sf_write_sync(handle_.get());
    if (sf_error(handle_.get()) != SF_ERR_NO_ERROR) fail();
    if (sf_close(handle_.release()) != SF_ERR_NO_ERROR) discard("the file could not be closed");
    std::error_code error;
    std::filesystem::rename(partial_, target_, error);
    if (error) discard(error.message());
  }

 private:
  static constexpr std::uint64_t unknown_length = SF_COUNT_MAX;

  [[noreturn]] void fail() const {
    throw Problem(path_, "frame " + std::to_string(position_),
                  "cannot be written: " + AudioInput::reason(handle_.get()));
  }
  [[noreturn]] void discard(const std::string& reason) const {
    std::error_code ignored;
    std::filesystem::remove(partial_, ignored);
    throw Problem(path_, "file", "cannot be written: " + reason);
  }

  std::filesystem::path path_, target_, partial_;
  std::uint64_t frame_bytes_;
  AudioHandle handle_;
  sf_count_t position_ = 0;
};

}  // namespace render
