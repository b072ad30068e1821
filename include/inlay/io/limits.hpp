/// Limits: the largest files and networks that are loaded. Beyond them loading throws load_error (docs/limits.md).
#pragma once

#include <cstddef>
#include <cstdint>

namespace inlay::limits {

// --- of a file ---

/// Bytes of a file, which takes up to 50 times as much memory while it is read. Real ones have at most a few megabytes.
inline constexpr std::size_t file_bytes = std::size_t{1} << 27;
/// Levels of nested arrays and objects.
inline constexpr std::size_t nesting = 64;
/// Values of a tensor, before they are compared with those that the file has. A file of `file_bytes` has fewer.
inline constexpr std::size_t tensor_values = std::size_t{1} << 30;
/// Axes of a tensor.
inline constexpr std::size_t tensor_axes = 8;
/// Layers of a network, all inner chains and the combinators around them included.
inline constexpr std::size_t layers = std::size_t{1} << 16;
/// Arrays of layers of a NAM WaveNet; layers in one of them, of a ConvNet and of an LSTM; models in a container
/// or in a row.
inline constexpr std::size_t nam_arrays = 16, nam_layers = 256, nam_submodels = 64;

// --- of a network ---

/// Channels of a signal, and sizes in formats other than inlay's own.
inline constexpr std::size_t channels = std::size_t{1} << 16;
/// An option of a layer, such as a kernel size or a dilation. Products of two such options fit into 64 bits.
inline constexpr std::size_t option = std::size_t{1} << 26;
/// Values that a layer keeps of the past: frames times channels.
inline constexpr std::size_t past_values = std::size_t{1} << 24;
/// Values of a signal inside of a window.
inline constexpr std::size_t window_values = std::size_t{1} << 24;
/// Values of all memory of one state of a `Model`: 256 MiB of floats.
#if defined(INLAY_LIMIT_STATE_VALUES)
inline constexpr std::size_t state_values = INLAY_LIMIT_STATE_VALUES;
#else
inline constexpr std::size_t state_values = std::size_t{1} << 26;
#endif
/// Input frames per output frame.
inline constexpr std::size_t frames_per_output = std::size_t{1} << 26;
/// Output frames per input frame.
inline constexpr std::size_t frames_per_input = std::size_t{1} << 14;
/// Layers in a row that change the rate.
inline constexpr std::size_t rate_changes = 64;
/// Frames of silence before a signal: 5.8 minutes at 48 kHz.
inline constexpr std::size_t prewarm = std::size_t{1} << 24;

// --- of loading ---

/// Values of the output of a check.
inline constexpr std::size_t check_values = std::size_t{1} << 24;
/// Operations of a network while it is loaded: those of a frame times the frames of the check, which runs twice, and of
/// the prewarm. An operation is a multiply-accumulate, or an eighth of a value of an activation function.
#if defined(INLAY_LIMIT_LOAD_WORK)
inline constexpr std::uint64_t load_work = INLAY_LIMIT_LOAD_WORK;
#else
inline constexpr std::uint64_t load_work = std::uint64_t{1} << 34;
#endif

}  // namespace inlay::limits
