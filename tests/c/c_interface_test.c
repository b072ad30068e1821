/* The C interface, from C99: c_interface_test GOLDEN_FOLDER */
#include <inlay/inlay.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const inlay_model doubler;

static int failures = 0;

#define EXPECT(condition)                                             \
  do {                                                                \
    if (!(condition)) {                                               \
      printf("%s:%d: expected %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                     \
    }                                                                 \
  } while (0)

static void run_doubler(inlay_voice* voice) {
  float signal[3] = {1, -2, 0.25f};
  float* channel = signal;
  EXPECT(voice != NULL);
  if (voice == NULL) return;
  inlay_reset(voice);
  EXPECT(inlay_process(voice, (const float* const*)&channel, &channel, 3, NULL) == 3);
  EXPECT(signal[0] == 2.5f && signal[1] == -3.5f && signal[2] == 1.0f);
  inlay_voice_free(voice);
}

static void test_constant_model(void) {
  const inlay_info info = inlay_info_of(&doubler);
  char* memory = malloc(info.voice_bytes + 1);
  EXPECT(info.in_channels == 1 && info.out_channels == 1 && info.knobs == 0 && info.receptive_field == 1);
  EXPECT(info.sample_rate == 48000 && info.parameters == 2 && info.macs == 1 && info.check_error < 0);
  EXPECT(strcmp(inlay_metadata(&doubler), "") == 0);
  run_doubler(inlay_voice_new(&doubler));
  run_doubler(inlay_voice_in(&doubler, memory, info.voice_bytes));
  run_doubler(inlay_voice_in(&doubler, memory + 1, info.voice_bytes)); /* any alignment */
  EXPECT(inlay_voice_in(&doubler, memory, info.voice_bytes - 1) == NULL);
  free(memory);
}

static void test_loaded_model(const char* folder) {
  enum { frames = 64 };
  char path[1024];
  float in[frames], whole[frames], cut[frames];
  const float *from = in, *rest = in + 10;
  float *to = whole, *first = cut, *last = cut + 10;
  inlay_error error;
  inlay_model* model;
  inlay_voice *a, *b;
  int i;

  snprintf(path, sizeof path, "%s/torch/lstm20_dense.f32.json", folder);
  model = inlay_load_file(path, NULL, &error);
  if (model == NULL) printf("%s\n", error.message);
  EXPECT(model != NULL);
  if (model == NULL) return;
  EXPECT(inlay_info_of(model).parameters == 1781 && inlay_info_of(model).receptive_field == SIZE_MAX);
  EXPECT(inlay_info_of(model).check_error >= 0 && inlay_info_of(model).check_error < 1e-5);

  for (i = 0; i < frames; ++i) in[i] = (float)sin(i * 0.3);
  a = inlay_voice_new(model);
  b = inlay_voice_new(model);
  EXPECT(inlay_process(a, &from, &to, frames, NULL) == frames);
  EXPECT(inlay_process(b, &from, &first, 10, NULL) == 10);
  EXPECT(inlay_process(b, &rest, &last, frames - 10, NULL) == frames - 10);
  EXPECT(memcmp(whole, cut, sizeof cut) == 0);
  inlay_reset(b);
  EXPECT(inlay_process(b, &from, &first, frames, NULL) == frames);
  EXPECT(memcmp(whole, cut, sizeof cut) == 0);
  inlay_voice_free(a);
  inlay_voice_free(b);
  inlay_free(model);
}

static void test_errors(void) {
  static const char wrong[] =
      "{\"format\":\"inlay\",\"version\":1,\"layers\":[{\"type\":\"dense\",\"in\":1,\"out\":1,"
      "\"kernel\":{\"shape\":[1,1],\"data\":[true]}}]}";
  inlay_error error;
  EXPECT(inlay_load(wrong, sizeof wrong - 1, NULL, &error) == NULL);
  EXPECT(strcmp(error.place, "layers[0].kernel.data[0]") == 0);
  EXPECT(strstr(error.message, "expected") != NULL);
  EXPECT(inlay_load(wrong, 10, NULL, NULL) == NULL); /* the error is not wanted */
  EXPECT(inlay_load_file("no such file.nam", NULL, &error) == NULL);
  EXPECT(strstr(error.message, "no such file.nam") != NULL);
  inlay_free(NULL);
  inlay_voice_free(NULL);
}

int main(int count, char** arguments) {
  if (count != 2) return 2;
  test_constant_model();
  test_loaded_model(arguments[1]);
  test_errors();
  EXPECT(strncmp(inlay_version(), "0.", 2) == 0);
  return failures != 0;
}
