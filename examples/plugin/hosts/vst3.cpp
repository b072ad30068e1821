/// VST3: the plugin through the C declarations that DPF brings (travesty).
#include <filesystem>
#include <vector>

#include <travesty/audio_processor.h>
#include <travesty/component.h>
#include <travesty/edit_controller.h>
#include <travesty/factory.h>

#include "dpf_state.hpp"
#include "host.hpp"
#include "library.hpp"

namespace hosts {

namespace {

void require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(std::string("VST3: ") + what);
}

// --- objects of the host: a pointer to a table of functions, which get a pointer to that pointer ---------

/// Objects of this host live on its stack: nobody counts references.
constexpr v3_funknown unknown{
    [](void*, const v3_tuid, void** found) -> v3_result { return *found = nullptr, V3_NO_INTERFACE; },
    [](void*) -> std::uint32_t { return 1; }, [](void*) -> std::uint32_t { return 1; }};

template <class Object>
Object& object(void* self) {
  return **static_cast<Object**>(self);
}

/// A state that is read or written.
struct Stream {
  v3_funknown base = unknown;
  v3_bstream functions{read, write, seek, tell};
  std::string text;
  std::size_t position = 0;

  static v3_result read(void* self, void* data, std::int32_t size, std::int32_t* count) {
    Stream& stream = object<Stream>(self);
    *count = static_cast<std::int32_t>(
        stream.text.copy(static_cast<char*>(data), static_cast<std::size_t>(size), stream.position));
    stream.position += static_cast<std::size_t>(*count);
    return V3_OK;
  }
  static v3_result write(void* self, void* data, std::int32_t size, std::int32_t* count) {
    object<Stream>(self).text.append(static_cast<const char*>(data), static_cast<std::size_t>(size));
    *count = size;
    return V3_OK;
  }
  static v3_result seek(void*, std::int64_t, std::int32_t, std::int64_t*) { return V3_NOT_IMPLEMENTED; }
  static v3_result tell(void*, std::int64_t*) { return V3_NOT_IMPLEMENTED; }
};

/// A new value of one parameter, at the start of the block.
struct Change {
  v3_funknown base = unknown;
  v3_param_value_queue functions{id, count, point, add};
  v3_param_id parameter;
  double value;
  Change* self = this;

  Change(v3_param_id p, double v) : parameter(p), value(v) {}
  static v3_param_id id(void* self) { return object<Change>(self).parameter; }
  static std::int32_t count(void*) { return 1; }
  static v3_result point(void* self, std::int32_t, std::int32_t* offset, double* value) {
    *offset = 0;
    *value = object<Change>(self).value;
    return V3_OK;
  }
  static v3_result add(void*, std::int32_t, double, std::int32_t*) { return V3_OK; }
};

/// The new values of a block. What the plugin adds is forgotten.
struct Changes {
  v3_funknown base = unknown;
  v3_param_changes functions{count, get, add};
  std::vector<std::unique_ptr<Change>> list;
  Change forgotten{0, 0};

  static std::int32_t count(void* self) { return static_cast<std::int32_t>(object<Changes>(self).list.size()); }
  static v3_param_value_queue** get(void* self, std::int32_t i) {
    return reinterpret_cast<v3_param_value_queue**>(&object<Changes>(self).list[static_cast<std::size_t>(i)]->self);
  }
  static v3_param_value_queue** add(void* self, v3_param_id*, std::int32_t*) {
    return reinterpret_cast<v3_param_value_queue**>(&object<Changes>(self).forgotten.self);
  }
};

// --- the host ---------------------------------------------------------------------------------------------

/// The library, shared by all its instances.
class Module {
 public:
  static std::shared_ptr<Module> of(const std::string& bundle) {
    static std::weak_ptr<Module> last;
    std::shared_ptr<Module> module = last.lock();
    if (!module) last = module = std::make_shared<Module>(bundle);
    return module;
  }
  explicit Module(const std::string& bundle) : library_(binary(bundle)) {
    require(library_.symbol<bool(void*)>("ModuleEntry")(library_.handle()), "ModuleEntry");
    factory_ = static_cast<v3_plugin_factory**>(library_.symbol<void*()>("GetPluginFactory")());
  }
  ~Module() {
    v3_cpp_obj_unref(factory_);
    library_.symbol<bool()>("ModuleExit")();
  }
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  v3_plugin_factory** factory() const noexcept { return factory_; }

 private:
  /// bundle/Contents/MACHINE-linux/NAME.so
  static std::string binary(const std::string& bundle) {
    for (const auto& file : std::filesystem::recursive_directory_iterator(bundle))
      if (file.path().extension() == ".so") return file.path().string();
    throw std::runtime_error("no plugin in " + bundle);
  }
  Library library_;
  v3_plugin_factory** factory_;
};

class Vst3Host final : public Host {
 public:
  explicit Vst3Host(const std::string& bundle) : module_(Module::of(bundle)) {
    v3_plugin_factory** const factory = module_->factory();
    v3_class_info info{};
    require(v3_cpp_obj(factory)->get_class_info(factory, 0, &info) == V3_OK, "get_class_info");
    require(v3_cpp_obj(factory)->create_instance(factory, info.class_id, v3_component_iid,
                                                 reinterpret_cast<void**>(&component_)) == V3_OK,
            "create_instance");
    require(v3_cpp_obj_initialize(component_, nullptr) == V3_OK, "initialize");
    require(v3_cpp_obj_query_interface(component_, v3_audio_processor_iid, &processor_) == V3_OK, "processor");
    require(v3_cpp_obj_query_interface(component_, v3_edit_controller_iid, &controller_) == V3_OK, "controller");
  }
  ~Vst3Host() override {
    if (active_) Vst3Host::deactivate();
    v3_cpp_obj_unref(controller_);
    v3_cpp_obj_unref(processor_);
    v3_cpp_obj_terminate(component_);
    v3_cpp_obj_unref(component_);
  }

  void activate(double sample_rate, std::uint32_t max_frames) override {
    v3_process_setup setup{V3_REALTIME, V3_SAMPLE_32, static_cast<std::int32_t>(max_frames), sample_rate};
    require(v3_cpp_obj(processor_)->setup_processing(processor_, &setup) == V3_OK, "setup_processing");
    for (const std::int32_t direction : {V3_INPUT, V3_OUTPUT})
      require(v3_cpp_obj(component_)->activate_bus(component_, V3_AUDIO, direction, 0, true) == V3_OK, "activate_bus");
    require(v3_cpp_obj(component_)->set_active(component_, true) == V3_OK, "set_active");
    require(v3_cpp_obj(processor_)->set_processing(processor_, true) == V3_OK, "set_processing");
    active_ = true;
  }
  void deactivate() override {
    v3_cpp_obj(processor_)->set_processing(processor_, false);
    v3_cpp_obj(component_)->set_active(component_, false);
    active_ = false;
  }

  void process(const float* const* in, float* const* out, std::uint32_t frames) override {
    float* ins[2] = {const_cast<float*>(in[0]), const_cast<float*>(in[1])};  // the interface has no const
    float* outs[2] = {out[0], out[1]};
    v3_audio_bus_buffers input{}, output{};
    input.num_channels = output.num_channels = 2;
    input.channel_buffers_32 = ins;
    output.channel_buffers_32 = outs;

    Changes* changes = &changes_;
    v3_process_data data{};
    data.symbolic_sample_size = V3_SAMPLE_32;
    data.nframes = static_cast<std::int32_t>(frames);
    data.num_input_buses = data.num_output_buses = 1;
    data.inputs = &input;
    data.outputs = &output;
    data.input_params = data.output_params = reinterpret_cast<v3_param_changes**>(&changes);
    v3_result result = V3_INTERNAL_ERR;
    audio_thread([&] { result = v3_cpp_obj(processor_)->process(processor_, &data); });
    require(result == V3_OK, "process");
    changes_.list.clear();
  }

  void set(const std::string& parameter, double value) override {
    v3_param_info info{};
    const v3_edit_controller& controller = *v3_cpp_obj(controller_);
    for (std::int32_t i = 0; controller.get_parameter_info(controller_, i, &info) == V3_OK; ++i) {
      std::string title;
      for (const std::int16_t* c = info.title; *c != 0; ++c) title += static_cast<char>(*c);
      if (title != parameter) continue;
      const double normalised = controller.plain_parameter_to_normalised(controller_, info.param_id, value);
      changes_.list.push_back(std::make_unique<Change>(info.param_id, normalised));
      return;
    }
    require(false, "no such parameter");
  }
  void load(const std::string& model) override { restore(with_model(save(), model)); }

  std::string save() override {
    Stream stream;
    Stream* pointer = &stream;
    require(v3_cpp_obj(component_)->get_state(component_, reinterpret_cast<v3_bstream**>(&pointer)) == V3_OK,
            "get_state");
    return stream.text;
  }
  void restore(const std::string& state) override {
    Stream stream;
    stream.text = state;
    Stream* pointer = &stream;
    require(v3_cpp_obj(component_)->set_state(component_, reinterpret_cast<v3_bstream**>(&pointer)) == V3_OK,
            "set_state");
  }
  std::uint32_t latency() override { return v3_cpp_obj(processor_)->get_latency_samples(processor_); }

 private:
  std::shared_ptr<Module> module_;
  v3_component** component_ = nullptr;
  v3_audio_processor** processor_ = nullptr;
  v3_edit_controller** controller_ = nullptr;
  Changes changes_;
  bool active_ = false;
};

}  // namespace

std::unique_ptr<Host> open_vst3(const std::string& bundle) { return std::make_unique<Vst3Host>(bundle); }

}  // namespace hosts
