/* A model in constant data: plays the signal of its file's check. */
#include <inlay/inlay.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

extern const inlay_model amp;
extern const size_t check_frames;
extern const float *const check_input, *const check_output;

static char memory[8192];

int main(void) {
  float* const output = malloc(check_frames * sizeof(float));
  inlay_voice* const voice = inlay_voice_in(&amp, memory, sizeof memory);
  float error = 0;
  size_t t;
  if (voice == NULL || output == NULL ||
      inlay_process(voice, &check_input, &output, check_frames, NULL) != check_frames)
    return 1;
  for (t = 0; t < check_frames; ++t) error = fmaxf(error, fabsf(output[t] - check_output[t]));
  inlay_voice_free(voice);
  printf("largest error %g\n", error);
  free(output);
  return !(error < 1e-5f);
}
