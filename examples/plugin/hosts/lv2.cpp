/// LV2: the plugin through lilv. The model is chosen as hosts do it: a message to the plugin, which asks for a worker.
#include <lilv/lilv.h>
#include <lv2/atom/atom.h>
#include <lv2/atom/forge.h>
#include <lv2/atom/util.h>
#include <lv2/buf-size/buf-size.h>
#include <lv2/options/options.h>
#include <lv2/patch/patch.h>
#include <lv2/state/state.h>
#include <lv2/urid/urid.h>
#include <lv2/worker/worker.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "host.hpp"

namespace hosts {

namespace {

void require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(std::string("LV2: ") + what);
}

/// Numbers for URIs.
class Urids {
 public:
  LV2_URID operator()(const char* uri) {
    for (std::size_t i = 0; i < uris_.size(); ++i)
      if (uris_[i] == uri) return static_cast<LV2_URID>(i + 1);
    uris_.emplace_back(uri);
    return static_cast<LV2_URID>(uris_.size());
  }
  LV2_URID_Map map{this, [](void* self, const char* uri) { return (*static_cast<Urids*>(self))(uri); }};
  LV2_URID_Unmap unmap{this,
                       [](void* self, LV2_URID urid) { return static_cast<Urids*>(self)->uris_[urid - 1].c_str(); }};

 private:
  std::vector<std::string> uris_;
};

struct FreeNode {
  void operator()(LilvNode* node) const { lilv_node_free(node); }
};
struct FreeWorld {
  void operator()(LilvWorld* world) const { lilv_world_free(world); }
};
struct FreeInstance {
  void operator()(LilvInstance* instance) const { lilv_instance_free(instance); }
};
struct FreeState {
  void operator()(LilvState* state) const { lilv_state_free(state); }
};
using State = std::unique_ptr<LilvState, FreeState>;

class Lv2Host final : public Host {
 public:
  explicit Lv2Host(const std::string& bundle) : world_(lilv_world_new()) {
    const std::unique_ptr<LilvNode, FreeNode> uri(lilv_new_file_uri(world_.get(), nullptr, (bundle + "/").c_str()));
    lilv_world_load_bundle(world_.get(), uri.get());
    const LilvPlugins* const plugins = lilv_world_get_all_plugins(world_.get());
    require(lilv_plugins_size(plugins) == 1, "one plugin in the bundle");
    plugin_ = lilv_plugins_get(plugins, lilv_plugins_begin(plugins));
    controls_.resize(lilv_plugin_get_num_ports(plugin_));
    lilv_plugin_get_port_ranges_float(plugin_, nullptr, nullptr, controls_.data());  // defaults
    work_.reserve(sizeof messages_in_);
    instantiate(48000, 4096);
  }
  ~Lv2Host() override {
    if (active_) Lv2Host::deactivate();
  }

  void activate(double sample_rate, std::uint32_t max_frames) override {
    if (sample_rate != sample_rate_ || max_frames > static_cast<std::uint32_t>(max_frames_)) {  // another instance
      const std::string state = save();
      instantiate(sample_rate, max_frames);
      restore(state);
    }
    lilv_instance_activate(instance_.get());
    active_ = true;
  }
  void deactivate() override {
    lilv_instance_deactivate(instance_.get());
    active_ = false;
  }

  void process(const float* const* in, float* const* out, std::uint32_t frames) override {
    const std::lock_guard lock(running_);
    run(in, out, frames);
  }

  void set(const std::string& parameter, double value) override {
    if (parameter == "Bypass") control("lv2_enabled") = value > 0 ? 0.0f : 1.0f;
    else control(parameter == "Input" ? "input" : "output") = static_cast<float>(value);
  }
  /// Sends the message in a run of no frames, and does the work on this thread.
  void load(const std::string& model) override {
    const bool was_active = active_;
    if (!was_active) activate(sample_rate_, static_cast<std::uint32_t>(max_frames_));
    std::vector<char> work;
    {
      const std::lock_guard lock(running_);
      work_.clear();
      run(nullptr, nullptr, 0, &model);
      work = work_;
    }
    require(!work.empty(), "the plugin did not ask for a worker");
    const auto* const worker = static_cast<const LV2_Worker_Interface*>(
        lilv_instance_get_extension_data(instance_.get(), LV2_WORKER__interface));
    worker->work(
        lilv_instance_get_handle(instance_.get()),
        [](LV2_Worker_Respond_Handle, std::uint32_t, const void*) { return LV2_WORKER_SUCCESS; }, nullptr,
        static_cast<std::uint32_t>(work.size()), work.data());
    if (!was_active) deactivate();
  }

  std::string save() override {
    const State state(lilv_state_new_from_instance(
        plugin_, instance_.get(), &urids_.map, nullptr, nullptr, nullptr, nullptr,
        [](const char* symbol, void* self, std::uint32_t* size, std::uint32_t* type) -> const void* {
          *size = sizeof(float);
          *type = static_cast<Lv2Host*>(self)->urids_(LV2_ATOM__Float);
          return &static_cast<Lv2Host*>(self)->control(symbol);
        },
        this, LV2_STATE_IS_POD | LV2_STATE_IS_PORTABLE, nullptr));
    char* const text =
        lilv_state_to_string(world_.get(), &urids_.map, &urids_.unmap, state.get(), "urn:state", nullptr);
    require(text != nullptr, "save");
    const std::string copy = text;
    lilv_free(text);
    return copy;
  }
  void restore(const std::string& text) override {
    const State state(lilv_state_new_from_string(world_.get(), &urids_.map, text.c_str()));
    require(state != nullptr, "restore");
    lilv_state_restore(
        state.get(), instance_.get(),
        [](const char* symbol, void* self, const void* value, std::uint32_t, std::uint32_t) {
          std::memcpy(&static_cast<Lv2Host*>(self)->control(symbol), value, sizeof(float));
        },
        this, 0, nullptr);
  }
  std::uint32_t latency() override {
    run(nullptr, nullptr, 0);
    return static_cast<std::uint32_t>(control("lv2_latency"));
  }

 private:
  void instantiate(double sample_rate, std::uint32_t max_frames) {
    instance_.reset();
    sample_rate_ = sample_rate;
    max_frames_ = static_cast<std::int32_t>(max_frames);
    LV2_Worker_Schedule schedule{this, [](void* self, std::uint32_t size, const void* data) {
                                   std::vector<char>& work = static_cast<Lv2Host*>(self)->work_;
                                   if (size > work.capacity()) return LV2_WORKER_ERR_NO_SPACE;
                                   work.resize(size);
                                   std::memcpy(work.data(), data, size);
                                   return LV2_WORKER_SUCCESS;
                                 }};
    schedule_ = schedule;
    const LV2_URID integer = urids_(LV2_ATOM__Int);
    options_ = {{{LV2_OPTIONS_INSTANCE, 0, urids_(LV2_BUF_SIZE__maxBlockLength), 4, integer, &max_frames_},
                 {LV2_OPTIONS_INSTANCE, 0, 0, 0, 0, nullptr}}};
    const LV2_Feature map{LV2_URID__map, &urids_.map}, options{LV2_OPTIONS__options, options_.data()},
        worker{LV2_WORKER__schedule, &schedule_}, bounded{LV2_BUF_SIZE__boundedBlockLength, nullptr};
    const LV2_Feature* const features[] = {&map, &options, &worker, &bounded, nullptr};
    instance_.reset(lilv_plugin_instantiate(plugin_, sample_rate, features));
    require(instance_ != nullptr, "instantiate");
    for (std::uint32_t port = 0; port < controls_.size(); ++port)
      lilv_instance_connect_port(instance_.get(), port, &controls_[port]);
  }

  float& control(const char* symbol) {
    const std::unique_ptr<LilvNode, FreeNode> name(lilv_new_string(world_.get(), symbol));
    const LilvPort* const port = lilv_plugin_get_port_by_symbol(plugin_, name.get());
    require(port != nullptr, symbol);
    return controls_[lilv_port_get_index(plugin_, port)];
  }

  /// Ports: two audio inputs, two audio outputs, messages in and out, then controls.
  void run(const float* const* in, float* const* out, std::uint32_t frames, const std::string* model = nullptr) {
    for (std::uint32_t c = 0; c < 2; ++c) {
      lilv_instance_connect_port(instance_.get(), c, in ? const_cast<float*>(in[c]) : nullptr);
      lilv_instance_connect_port(instance_.get(), 2 + c, out ? out[c] : nullptr);
    }
    write_message(model);
    auto* const answer = reinterpret_cast<LV2_Atom_Sequence*>(messages_out_.data());
    answer->atom = {sizeof messages_out_ - sizeof(LV2_Atom), urids_(LV2_ATOM__Chunk)};
    lilv_instance_connect_port(instance_.get(), 4, messages_in_.data());
    lilv_instance_connect_port(instance_.get(), 5, messages_out_.data());
    audio_thread([&] { lilv_instance_run(instance_.get(), frames); });
  }

  /// patch:Set of the model's property, or no message.
  void write_message(const std::string* model) {
    LV2_Atom_Forge forge;
    lv2_atom_forge_init(&forge, &urids_.map);
    lv2_atom_forge_set_buffer(&forge, reinterpret_cast<std::uint8_t*>(messages_in_.data()), sizeof messages_in_);
    LV2_Atom_Forge_Frame sequence, message;
    lv2_atom_forge_sequence_head(&forge, &sequence, 0);
    if (model != nullptr) {
      const std::string property = std::string(lilv_node_as_uri(lilv_plugin_get_uri(plugin_))) + "#model";
      lv2_atom_forge_frame_time(&forge, 0);
      lv2_atom_forge_object(&forge, &message, 0, urids_(LV2_PATCH__Set));
      lv2_atom_forge_key(&forge, urids_(LV2_PATCH__property));
      lv2_atom_forge_urid(&forge, urids_(property.c_str()));
      lv2_atom_forge_key(&forge, urids_(LV2_PATCH__value));
      lv2_atom_forge_path(&forge, model->c_str(), static_cast<std::uint32_t>(model->size() + 1));
      lv2_atom_forge_pop(&forge, &message);
    }
    lv2_atom_forge_pop(&forge, &sequence);
  }

  std::unique_ptr<LilvWorld, FreeWorld> world_;
  const LilvPlugin* plugin_ = nullptr;
  Urids urids_;
  std::vector<float> controls_;
  double sample_rate_ = 0;
  std::int32_t max_frames_ = 0;
  std::array<LV2_Options_Option, 2> options_{};
  LV2_Worker_Schedule schedule_{};
  std::vector<char> work_;
  std::array<std::uint64_t, 1024> messages_in_{}, messages_out_{};
  std::mutex running_;
  std::unique_ptr<LilvInstance, FreeInstance> instance_;
  bool active_ = false;
};

}  // namespace

std::unique_ptr<Host> open_lv2(const std::string& bundle) { return std::make_unique<Lv2Host>(bundle); }

}  // namespace hosts
