/// inlay::Model must not allocate, free or lock while it runs.
#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <inlay/core/tile_frames.hpp>
#include <inlay/run_time.hpp>
#include "realtime/realtime.hpp"
#include "support/paths.hpp"

namespace {

void expect_realtime(const std::string& name, std::size_t prewarm, bool spread = false) {
  SCOPED_TRACE(name);
  const std::filesystem::path path = inlay_test::folder() + "/golden/torch/" + name + ".f32.json";
  inlay::io::ModelFile file = inlay::io::read_model(path);
  file.info.prewarm = prewarm;
  if (spread) {
    file.chain.layers[0].values["spread"].value = true;
    file.check->output.values.assign(file.check->output.values.size(), 0);
    file.check->input.values.assign(file.check->input.values.size(), 0);
  }
  auto model = inlay::Model<float>::of(file);
  auto voice = model.new_state();
  constexpr std::size_t frames = 3 * inlay::tile_frames + 5;
  const std::size_t ins = model.in_size(), outs = model.out_size(), sides = model.condition_size();
  std::vector<float> in(ins * frames), out(outs * frames), side(sides);
  std::vector<const float*> from(ins);
  std::vector<float*> to(outs);
  for (std::size_t c = 0; c < ins; ++c) from[c] = in.data() + c * frames;
  for (std::size_t c = 0; c < outs; ++c) to[c] = out.data() + c * frames;
  const std::span<const float> frame(in.data(), ins);
  const std::span<float> result(out.data(), outs);

  EXPECT_STREQ(realtime::check([&] { model.forward(frame, result, side); }), "");
  EXPECT_STREQ(realtime::check([&] { model.process(from.data(), to.data(), frames, side); }), "");
  EXPECT_STREQ(realtime::check([&] { model.process(voice, from.data(), to.data(), frames, side); }), "");
  EXPECT_STREQ(realtime::check([&] { model.reset(); }), "");
  EXPECT_STREQ(realtime::check([&] { model.reset(voice); }), "");
}

TEST(Realtime, RunTimeModels) {
  for (const char* name : {"lstm20_dense", "gru16_gru8_dense", "conv_stack", "deep_conv", "conv1d_1_1_k500", "mixed",
                           "dense_mlp", "wavenet_gated", "conv1d_4_6_k5_s3_d2", "conditioned_by", "film",
                           "append_condition", "concat", "blend", "slice_pad_scale"})
    for (std::size_t prewarm : {0u, 100u}) expect_realtime(name, prewarm);
  for (std::size_t prewarm : {0u, 100u}) expect_realtime("spectral_mask", prewarm, true);
}

}  // namespace
