/* Plays raw audio through a model: amp_c MODEL < in.f32 > out.f32
 *
 * Samples are 32-bit floats of this machine's byte order, mono, without a header. ffmpeg writes and plays such files:
 * ffmpeg -i guitar.wav -ac 1 -ar 48000 -f f32le in.f32 */
#include <inlay/inlay.h>
#include <stdio.h>

int main(int count, char** arguments) {
  float block[64];
  float* const channel = block;
  inlay_error error;
  inlay_model* model;
  inlay_voice* voice = NULL;
  size_t frames;
  int failed = 1;

  if (count != 2) {
    fprintf(stderr, "usage: %s MODEL < in.f32 > out.f32\n", arguments[0]);
    return 2;
  }
  model = inlay_load_file(arguments[1], NULL, &error);
  if (model == NULL) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  if (inlay_info_of(model).in_channels != 1 || inlay_info_of(model).out_channels != 1 ||
      inlay_info_of(model).knobs != 0)
    fprintf(stderr, "the model is not one of mono audio without knobs\n");
  else if ((voice = inlay_voice_new(model)) == NULL) fprintf(stderr, "not enough memory\n");
  else failed = 0;

  while (!failed && (frames = fread(block, sizeof *block, 64, stdin)) > 0) {
    frames = inlay_process(voice, (const float* const*)&channel, &channel, frames, NULL);
    failed = fwrite(block, sizeof *block, frames, stdout) != frames;
  }
  inlay_voice_free(voice);
  inlay_free(model);
  return failed;
}
