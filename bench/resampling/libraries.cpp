#include "measure.hpp"

#ifdef INLAY_BENCH_SAMPLERATE
#include <samplerate.h>
#endif
#ifdef INLAY_BENCH_SOXR
#include <soxr.h>
#endif
#ifdef INLAY_BENCH_ZITA
#include <zita-resampler/resampler.h>
#endif

namespace {

#ifdef INLAY_BENCH_SAMPLERATE
class SampleRate final : public Converter {
 public:
  SampleRate(int type, double from, double to) : ratio_(to / from), state_(src_new(type, 1, nullptr)) {}
  ~SampleRate() override { src_delete(state_); }
  std::size_t run(const float* in, std::size_t frames, float* out, std::size_t room) override {
    std::size_t made = 0;
    for (;;) {
      SRC_DATA data{};
      data.data_in = in;
      data.input_frames = static_cast<long>(frames);
      data.data_out = out + made;
      data.output_frames = static_cast<long>(room - made);
      data.src_ratio = ratio_;
      src_process(state_, &data);
      in += data.input_frames_used;
      frames -= static_cast<std::size_t>(data.input_frames_used);
      made += static_cast<std::size_t>(data.output_frames_gen);
      if (frames == 0 || (data.input_frames_used == 0 && data.output_frames_gen == 0)) return made;
    }
  }

 private:
  double ratio_;
  SRC_STATE* state_;
};
#endif

#ifdef INLAY_BENCH_SOXR
class Soxr final : public Converter {
 public:
  Soxr(unsigned long recipe, double from, double to) {
    const soxr_quality_spec_t quality = soxr_quality_spec(recipe, 0);
    soxr_runtime_spec_t run_time = soxr_runtime_spec(1);
    run_time.log2_min_dft_size = run_time.log2_large_dft_size = 8;  // the smallest ones, for low latency
    const soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
    soxr_ = soxr_create(from, to, 1, nullptr, &io, &quality, &run_time);
  }
  ~Soxr() override { soxr_delete(soxr_); }
  std::size_t run(const float* in, std::size_t frames, float* out, std::size_t room) override {
    std::size_t made = 0;
    for (;;) {
      std::size_t used = 0, written = 0;
      soxr_process(soxr_, in, frames, &used, out + made, room - made, &written);
      in += used;
      frames -= used;
      made += written;
      if (frames == 0 || (used == 0 && written == 0)) return made;
    }
  }

 private:
  soxr_t soxr_;
};
#endif

#ifdef INLAY_BENCH_ZITA
class Zita final : public Converter {
 public:
  Zita(unsigned half_length, double from, double to) {
    resampler_.setup(static_cast<unsigned>(from), static_cast<unsigned>(to), 1, half_length);
  }
  std::size_t run(const float* in, std::size_t frames, float* out, std::size_t room) override {
    resampler_.inp_count = static_cast<unsigned>(frames);
    resampler_.inp_data = const_cast<float*>(in);
    resampler_.out_count = static_cast<unsigned>(room);
    resampler_.out_data = out;
    resampler_.process();
    return room - resampler_.out_count;
  }

 private:
  Resampler resampler_;
};
#endif

}  // namespace

std::vector<Named> libraries() {
  std::vector<Named> all;
  [[maybe_unused]] const auto add = [&]<class C>(std::type_identity<C>, const char* name, auto option) {
    all.push_back({name, [option](double from, double to) { return std::make_unique<C>(option, from, to); }});
  };
#ifdef INLAY_BENCH_SAMPLERATE
  add(std::type_identity<SampleRate>(), "libsamplerate, SINC_FASTEST", int(SRC_SINC_FASTEST));
  add(std::type_identity<SampleRate>(), "libsamplerate, SINC_MEDIUM", int(SRC_SINC_MEDIUM_QUALITY));
  add(std::type_identity<SampleRate>(), "libsamplerate, SINC_BEST", int(SRC_SINC_BEST_QUALITY));
#endif
#ifdef INLAY_BENCH_SOXR
  add(std::type_identity<Soxr>(), "soxr, LQ", static_cast<unsigned long>(SOXR_LQ));
  add(std::type_identity<Soxr>(), "soxr, MQ", static_cast<unsigned long>(SOXR_MQ));
  add(std::type_identity<Soxr>(), "soxr, HQ", static_cast<unsigned long>(SOXR_HQ));
#endif
#ifdef INLAY_BENCH_ZITA
  add(std::type_identity<Zita>(), "zita-resampler, 16", 16u);
  add(std::type_identity<Zita>(), "zita-resampler, 32", 32u);
  add(std::type_identity<Zita>(), "zita-resampler, 64", 64u);
#endif
  return all;
}
