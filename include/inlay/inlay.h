/* inlay's C interface, for C and for other languages. Needs C99.
 *
 * A model is a network with its weights. It does not change, and any number of threads may use it. A voice is the
 * memory of a model for one signal. Only one thread at a time may use it.
 *
 *     inlay_error error;
 *     inlay_model* model = inlay_load_file("amp.nam", NULL, &error);
 *     if (model == NULL) return report(error.message);
 *     inlay_voice* voice = inlay_voice_new(model);
 *     ...
 *     inlay_process(voice, in, out, frames, NULL);   // on the audio thread
 *     ...
 *     inlay_voice_free(voice);
 *     inlay_free(model);
 *
 * Real-time safe: inlay_process, inlay_process_signals, inlay_reset and inlay_info_of do not allocate, lock or make
 * system calls. All other functions are not.
 *
 * The functions are in the libraries that CMake's targets inlay::c (static) and inlay::c_shared build. A program for a
 * microcontroller compiles <inlay/src_c.hpp> instead, and makes its models with INLAY_C_MODEL (<inlay/c/constant.hpp>).
 */
#ifndef INLAY_INLAY_H
#define INLAY_INLAY_H

#include <stddef.h>

#if defined(_WIN32) && defined(INLAY_C_BUILDS_SHARED)
#define INLAY_C_API __declspec(dllexport)
#elif defined(_WIN32) && defined(INLAY_C_SHARED)
#define INLAY_C_API __declspec(dllimport)
#elif defined(__GNUC__)
#define INLAY_C_API __attribute__((visibility("default")))
#else
#define INLAY_C_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct inlay_model inlay_model;
typedef struct inlay_voice inlay_voice;

/* What went wrong. Texts are UTF-8, and are cut if they are too long. */
typedef struct inlay_error {
  char message[768]; /* the whole message: the place, what was expected, what was found */
  char place[256];   /* the place in the file, such as layers[2].kernel.data[17]; empty if there is none */
} inlay_error;

typedef struct inlay_options {
  double size; /* for files with a model in several sizes: from 0, the smallest, to 1, the largest */
} inlay_options;

typedef struct inlay_info {
  size_t in_channels, out_channels;
  size_t knobs; /* side channels */
  size_t in_frames,
      out_frames;         /* for each in_frames input frames there are out_frames output frames; 1 and 1 for most */
  size_t latency;         /* input frames by which the output is late */
  size_t receptive_field; /* input frames that an output depends on; SIZE_MAX for recurrent networks */
  size_t parameters;
  size_t macs;        /* multiply-accumulates per input frame */
  size_t voice_bytes; /* memory that inlay_voice_in needs, alignment included */
  double sample_rate; /* Hz, of the training data; 0 if it is not known */
  double check_error; /* largest difference from the file's check; negative if the file has none */
} inlay_info;

/* The version of the library, such as "0.1.0". */
INLAY_C_API const char* inlay_version(void);

/* Loads a model from the bytes of a file, in any format that inlay reads, and runs the file's check. Copies what it
 * needs. `options` may be NULL. If the file is not valid, fills `error`, unless it is NULL, and returns NULL. */
INLAY_C_API inlay_model* inlay_load(const void* bytes, size_t count, const inlay_options* options, inlay_error* error);
/* Loads a model from a file. `path` is UTF-8. */
INLAY_C_API inlay_model* inlay_load_file(const char* path, const inlay_options* options, inlay_error* error);
/* Frees a loaded model. Its voices must have been freed before. NULL is allowed. */
INLAY_C_API void inlay_free(inlay_model* model);

/* The facts of a model. */
INLAY_C_API inlay_info inlay_info_of(const inlay_model* model);
/* The metadata of the model's file: the text of a JSON object, or an empty text. Valid until the model is freed. */
INLAY_C_API const char* inlay_metadata(const inlay_model* model);

/* Makes a voice on the heap, at the start of a signal. Returns NULL if there is not enough memory. */
INLAY_C_API inlay_voice* inlay_voice_new(const inlay_model* model);
/* Makes a voice in `memory` of `count` bytes, at least voice_bytes. `memory` may have any alignment. Returns NULL if
 * it is too small. A voice of a loaded model also allocates on the heap; that of a constant model does not. */
INLAY_C_API inlay_voice* inlay_voice_in(const inlay_model* model, void* memory, size_t count);
/* Frees a voice of either kind. NULL is allowed. */
INLAY_C_API void inlay_voice_free(inlay_voice* voice);

/* Sets a voice to the start of a signal. */
INLAY_C_API void inlay_reset(inlay_voice* voice);
/* Computes `frames` frames, planar: in[c] and out[c] point to the samples of channel c. in[c] == out[c] is allowed;
 * channels must not overlap otherwise. `knobs` has one value for each side channel, constant during the call; NULL if
 * the model has none. Returns the number of frames written: `frames`, unless the model changes the rate; 0, and
 * computes nothing, if knobs are missing. The output does not depend on how a signal is cut into calls. */
INLAY_C_API size_t inlay_process(inlay_voice* voice, const float* const* in, float* const* out, size_t frames,
                                 const float* knobs);
/* Does the same with a signal of `frames` samples for each side channel. */
INLAY_C_API size_t inlay_process_signals(inlay_voice* voice, const float* const* in, float* const* out, size_t frames,
                                         const float* const* knobs);

#ifdef __cplusplus
}
#endif

#endif
