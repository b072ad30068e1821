// One model in one instance of inlay.wasm. Used by the worker, which loads models, and by the processor, which plays them.

/// What a standalone module of emscripten asks for. There are no files and no environment.
const imports = {
  env: { emscripten_notify_memory_growth() {} },
  wasi_snapshot_preview1: {
    environ_sizes_get: () => 8, // "bad file descriptor": there is none
    environ_get: () => 8,
    proc_exit: (status) => {
      throw new Error(`inlay.wasm has stopped with status ${status}`);
    },
  },
};

const PAGE = 65536;

export class Instance {
  #exports;
  #in = [];
  #out = [];
  #knobs = [];

  broken = false;

  constructor(module) {
    this.#exports = new WebAssembly.Instance(module, imports).exports;
    this.#exports._initialize();
    this.blockFrames = this.#exports.block_frames();
  }

  // --- loading: in the worker -------------------------------------------------------------------------

  /// Loads a model from the bytes of a file. Returns what is known of it. Throws a plain object with the members of an
  /// InlayError.
  load(bytes, { sampleRate, channels, size }) {
    const at = this.#exports.allocate(bytes.length);
    if (at === 0) throw { message: `file: ${bytes.length} bytes are more than the memory` };
    new Uint8Array(this.#exports.memory.buffer, at, bytes.length).set(bytes);
    let loaded;
    try {
      loaded = this.#exports.load(at, bytes.length, sampleRate, channels, size);
    } catch (error) {
      this.broken = true; // it stopped half-way
      throw { message: `file: it cannot be loaded: ${error.message}` };
    }
    if (!loaded) throw JSON.parse(this.#text(this.#exports.error_text()));
    const info = JSON.parse(this.#text(this.#exports.info_text()));
    this.bind(channels, info.knobs);
    return info;
  }

  /// The output at each of `inputs`, between -1 and 1; see inlay.cpp. `knobs` has the positions of all knobs.
  curve(inputs, knobs) {
    knobs.forEach((position, k) => (this.#knobs[k][0] = position));
    const at = this.#exports.allocate(4 * inputs.length);
    new Float32Array(this.#exports.memory.buffer, at, inputs.length).set(inputs);
    this.#exports.curve(at, inputs.length);
    const outputs = new Float32Array(this.#exports.memory.buffer, at, inputs.length).slice();
    this.#exports.free(at);
    return outputs;
  }

  /// A copy of the memory up to its last byte in use: with it, another instance of the same module has the same model.
  image() {
    return new Uint8Array(this.#exports.memory.buffer, 0, this.#exports.used_bytes()).slice();
  }
  /// Takes back an earlier image of this instance.
  restore(image) {
    const memory = new Uint8Array(this.#exports.memory.buffer);
    memory.set(image);
    memory.fill(0, image.length);
  }

  #text(at) {
    const memory = new Uint8Array(this.#exports.memory.buffer);
    return new TextDecoder().decode(memory.subarray(at, memory.indexOf(0, at)));
  }

  // --- taking over a model: in the processor ----------------------------------------------------------

  /// Makes room for the memory of another instance.
  reserve(bytes) {
    const missing = bytes - this.#exports.memory.buffer.byteLength;
    if (missing > 0) this.#exports.memory.grow(Math.ceil(missing / PAGE));
  }
  /// Copies a part of the memory of another instance.
  copy(offset, part) {
    new Uint8Array(this.#exports.memory.buffer, offset, part.byteLength).set(new Uint8Array(part));
  }

  // --- playing ----------------------------------------------------------------------------------------

  /// Finds the channels. Needed once after a model came into the memory.
  bind(channels, knobs) {
    const views = (count, address) =>
      Array.from({ length: count }, (_, i) => new Float32Array(this.#exports.memory.buffer, address(i), this.blockFrames));
    this.#in = views(channels, this.#exports.in);
    this.#out = views(channels, this.#exports.out);
    this.#knobs = views(knobs, this.#exports.knob);
  }
  /// Memory of channels: write `in` and `knobs`, call `process`, read `out`.
  get in() { return this.#in; }
  get out() { return this.#out; }
  get knobs() { return this.#knobs; }
  /// Computes at most `blockFrames` frames.
  process(frames) { this.#exports.process(frames); }
  /// Sets the model to the start of a signal.
  reset() { this.#exports.reset(); }
}
