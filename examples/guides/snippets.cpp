/// Code of the documentation that is too short for a program of its own. It is compiled, and never runs.
// clang-format off
#include <inlay/inlay.hpp>
#include <inlay/backend/auto.hpp>
#include <inlay/host.hpp>
#include <inlay/io/read_model.hpp>
#include <inlay/io/write_model.hpp>
#include <inlay/predict.hpp>
#include <inlay/run_time.hpp>
#include <inlay/run_time/typed_or_dynamic_model.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace guide {

static const float* const* in;
static float* const* out;
static const float* const* in_right;
static float* const* out_right;
static std::size_t frames;
static float x, drive, tone;

namespace readme {

void first() {
using Amp = inlay::ModelT<inlay::LSTM<1, 20>, inlay::Dense<20, 1>>;   // sizes and scalar are deduced

Amp amp;
amp.load("examples/amp/amp.json");    // throws inlay::load_error with the place in the file; amp is then unchanged
amp.reset();
float y = amp.forward(x);             // one sample; for several channels: spans in and out
amp.process(in, out, frames);         // a planar buffer: const float* const* in, float* const* out

Amp::State right;                     // a second channel or voice: its own state, the same weights
amp.process(right, in_right, out_right, frames);
static_cast<void>(y);
}

void other_files() {
auto model = inlay::Model<float>::load("anything.nam");
if (model.accepts(1, 1)) model.process(in, out, frames);   // one input channel, one output channel
}

void off_the_audio_thread(const inlay::Model<float>& model) {
inlay::host::Session big(model, inlay::host::Pool::shared());
big.prepare({.block = 512, .rate = 48000}, inlay::host::Budget::measured());   // throws if the engine cannot keep up
big.process(in, out, frames);                                                  // real-time safe
big.latency();                                                                 // in frames
}

}  // namespace readme

namespace getting_started {

using Amp = inlay::ModelT<inlay::LSTM<1, 20>, inlay::Dense<20, 1>>;

static_assert(Amp::parameters == 1781);
static_assert(Amp::macs_per_sample == 1700);
constexpr std::size_t memory = Amp::weight_bytes + Amp::state_bytes;
static_assert(memory <= sizeof(Amp));
static_assert(inlay::predict<Amp>(inlay::machines::zen4_avx2).share(48000) < 0.05);

void load() {
auto amp = std::make_unique<Amp>();
try {
  const inlay::ModelInfo info = amp->load("amp.json");
  // info.sample_rate, info.metadata
} catch (const inlay::load_error& error) {
  // error.what() is one line: the file, the place, what was expected, what was found
}
}

struct Callback {
Amp* amp;

void process(const float* const* in, float* const* out, int frames) {
  amp->process(in, out, static_cast<std::size_t>(frames));
}
};

void knobs(inlay::ModelT<inlay::AppendCondition<1, 2>, inlay::Dense<3, 1>>* amp) {
std::array<float, 2> knobs{drive, tone};
amp->process(in, out, frames, knobs);     // the values hold for the whole buffer

float y = amp->forward(x, knobs);         // one sample; also amp->forward(x, {drive, tone})
static_cast<void>(y);
amp->forward(x, {drive, tone});
}

void voices(Amp* amp) {
Amp::State left, right;   // large: members of a class that lives on the heap, not locals
amp->process(left, in, out, frames);
amp->process(right, in + 1, out + 1, frames);
}

void exported() {
inlay::ModelT<inlay::LSTM<1, 20>, inlay::Dense<20, 1>> amp;
amp.load("amp.json");
amp.reset();
float y = amp.forward(x);
static_cast<void>(y);
}

}  // namespace getting_started

namespace compiling {

void isa() {
auto model = inlay::Model<float>::load("amp.nam");
auto slow = inlay::Model<float>::load("amp.nam", {.isa = "sse2"});   // for a test
}

}  // namespace compiling

namespace formats {

void convert() {
inlay::io::ModelFile file = inlay::io::read_model("amp.nam");     // any format; <inlay/io/read_model.hpp>
std::string text = inlay::io::write_model(file);                  // inlay's; <inlay/io/write_model.hpp>
}

}  // namespace formats

namespace run_time {

void load() {
auto model = inlay::Model<float>::load("anything.nam");   // any format of docs/formats.md; throws inlay::load_error
model.process(in, out, frames);                           // planar, as ModelT::process
float y = model.forward(x);                               // one channel in and out; spans for more
static_cast<void>(y);
}

void knobs(inlay::Model<float>& model) {
std::array<float, 2> knobs{drive, tone};                  // condition_size() values
model.process(in, out, frames, knobs);

float y = model.forward(x, knobs);
static_cast<void>(y);
}

bool fits(const inlay::Model<float>& model) {
if (!model.accepts(1, 1)) return false;   // one channel in, one out, no side channels, one frame for each
return true;
}

using Lstm16 = inlay::ModelT<inlay::LSTM<1, 16>, inlay::Dense<16, 1>>;
using Lstm20 = inlay::ModelT<inlay::LSTM<1, 20>, inlay::Dense<20, 1>>;
using Gru24 = inlay::ModelT<inlay::GRU<1, 24>, inlay::Dense<24, 1>>;

void any() {
using Any = inlay::TypedOrDynamicModel<Lstm16, Lstm20, Gru24>;   // each a ModelT

Any amp = Any::load("amp.json");
amp.index();                                          // index of the type; 3 if no type fits: it is a Model
}

}  // namespace run_time

namespace speed {

void voices(getting_started::Amp& amp, getting_started::Amp::State& left, getting_started::Amp::State& right) {
using Amp = getting_started::Amp;
const std::array<Amp::State*, 2> voices{&left, &right};
amp.process(voices, in, out, frames);   // in: the left voice's channels, then the right one's
}

namespace fast {
using Amp = inlay::ModelT<inlay::LSTM<1, 20, inlay::fast_backend>, inlay::Dense<20, 1>>;
static_assert(Amp::parameters == 1781);
}

using Big = inlay::ModelT<inlay::LSTM<1, 96, inlay::compact_backend>, inlay::Dense<96, 1>>;
static_assert(Big::in_size == 1);

using Bytes = inlay::default_backend_for<float, inlay::math::Accurate, std::int8_t>;
using Small = inlay::ModelT<inlay::LSTM<1, 40, Bytes>, inlay::Dense<40, 1, Bytes>>;
static_assert(Small::weight_bytes < 12'000);

namespace automatic {
using B = inlay::AutoBackend<float>;
using Amp = inlay::ModelT<inlay::LSTM<1, 20, B>, inlay::Dense<20, 1, B>>;
static_assert(Amp::parameters == 1781);
}

}  // namespace speed

namespace grey_box {

using Filters = inlay::Biquad<1, 5>;                       // five second-order sections, one channel
using Shaper = inlay::CubicTableShaper<1, 33>;
using Fixed = inlay::ModelT<Filters, Shaper, Filters>;     // parameters are weights

// The compressor's side chain and its gain are layers like any other.
using Squeezed = inlay::ModelT<Filters, inlay::Compressor<1>>;

// A dense layer makes gain, frequency and Q of three bands from two knobs, every 64 frames.
using Knobs = inlay::Sequential<inlay::AppendCondition<1, 2>, inlay::Slice<3, 1, 2>, inlay::Dense<2, 9>,
                                inlay::Sigmoid<9>, inlay::Affine<9>>;
using Controlled = inlay::ModelT<inlay::ConditionedBy<Knobs, inlay::ParametricEqualizer<1, 3, 64>>>;

static_assert(Fixed::in_size == 1 && Squeezed::in_size == 1 && Controlled::condition_size == 2);

}  // namespace grey_box

namespace cabinets {

void from_a_file() {
auto cabinet = inlay::Model<float>::load("cabinet.nam");
static_cast<void>(cabinet);
}

using Rig = inlay::ModelT<inlay::LSTM<1, 20>, inlay::Dense<20, 1>, inlay::FIR<2048>>;

bool set(Rig& rig, std::vector<float> h) {
std::reverse(h.begin(), h.end());
return inlay::assign(rig.layer<2>(), "kernel", std::span<const float>(h));
}

}  // namespace cabinets

namespace decoders {

class Player {
 public:
  explicit Player(const std::filesystem::path& decoder)
      : model_(inlay::Model<float>::load(decoder)), latent_(model_.in_size()), samples_(model_.max_output_frames(1)) {}

  /// `next(latent)` writes the next frame of the latent.
  void process(float* out, std::size_t frames, auto&& next) noexcept {
    for (std::size_t i = 0; i < frames; ++i) {
      if (played_ == made_) {
        next(std::span<float>(latent_));
        made_ = model_.forward(std::span<const float>(latent_), std::span<float>(samples_));
        played_ = 0;
      }
      out[i] = samples_[played_++];
    }
  }

 private:
  inlay::Model<float> model_;
  std::vector<float> latent_, samples_;
  std::size_t made_ = 0, played_ = 0;
};

void play(Player& player, float* out) {
player.process(out, 64, [](std::span<float> latent) { std::fill(latent.begin(), latent.end(), 0.5f); });
}

}  // namespace decoders

namespace state_spaces {

using Compressor =
    inlay::ModelT<inlay::Dense<1, 16>,
                  inlay::Residual<inlay::S4D<16, 8>, inlay::GELU<16>, inlay::Dense<16, 16>, inlay::GELU<16>>,
                  inlay::Dense<16, 1>>;
static_assert(Compressor::receptive_field == inlay::unbounded);

template <std::size_t Size, std::size_t Inside, std::size_t States, std::size_t Rank>
using Mamba = inlay::Sequential<
    inlay::DenseNoBias<Size, 2 * Inside>,
    inlay::Split<inlay::Sequential<inlay::DepthwiseConv1D<Inside, 4, 1>, inlay::SiLU<Inside>, inlay::S6<Inside, States, Rank>>,
                 inlay::Identity<Inside>>,
    inlay::Gate<inlay::Identity<Inside>, inlay::SiLU<Inside>>, inlay::DenseNoBias<Inside, Size>>;

using Selective = inlay::ModelT<inlay::Dense<1, 8>, inlay::Residual<inlay::RMSNorm<8>, Mamba<8, 16, 8, 1>>,
                                inlay::RMSNorm<8>, inlay::Dense<8, 1>>;
static_assert(Selective::receptive_field == inlay::unbounded);

}  // namespace state_spaces

}  // namespace guide
