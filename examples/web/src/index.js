// Neural networks in an audio graph: InlayNode.

/// A model that cannot be loaded. `message` is complete. `place` is the place in the file, such as
/// `layers[2].kernel.data[17]`; `layer`, `expected` and `found` say more, and may be empty.
export class InlayError extends Error {
  constructor({ message, place = '', layer = '', expected = '', found = '' }) {
    super(message);
    this.name = 'InlayError';
    Object.assign(this, { place, layer, expected, found });
  }
}

const KNOBS = 8;

/// A function that calls f32x4.relaxed_madd.
const RELAXED = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0,
  65, 0, 253, 15, 65, 0, 253, 15, 65, 0, 253, 15, 253, 133, 2, 11,
]);

let compiled = null;
/// Compiles one of the two modules, once for the page: the one with relaxed SIMD, where the browser and the package have it.
async function compile() {
  const names = WebAssembly.validate(RELAXED) ? ['inlay-relaxed.wasm', 'inlay.wasm'] : ['inlay.wasm'];
  let response;
  for (const name of names) {
    response = await fetch(new URL(`./${name}`, import.meta.url));
    if (response.ok) return WebAssembly.compile(await response.arrayBuffer());
  }
  throw new Error(`inlay.wasm: ${response.status} ${response.statusText}`);
}
function moduleOf() {
  compiled ??= compile().catch((error) => {
    compiled = null;
    throw error;
  });
  return compiled;
}

const registered = new WeakMap();
/// Adds the processor once to each context.
function register(context) {
  if (!registered.has(context))
    registered.set(context, context.audioWorklet.addModule(new URL('./processor.js', import.meta.url)));
  return registered.get(context);
}

/// The bytes of a model: a string is the text of a file.
async function bytesOf(model) {
  if (typeof model === 'string') return new TextEncoder().encode(model);
  if (model instanceof Blob) model = await model.arrayBuffer();
  if (ArrayBuffer.isView(model)) return new Uint8Array(model.buffer, model.byteOffset, model.byteLength).slice();
  if (model instanceof ArrayBuffer) return new Uint8Array(model.slice(0));
  throw new TypeError('inlay: a model is an ArrayBuffer, a typed array, a Blob or a string');
}

export class InlayNode extends AudioWorkletNode {
  #worker;
  #asked = new Map(); // questions to the worker by number: { resolve, reject }
  #count = 0;
  #usage = [];
  #info = null;
  #ended = null; // why it does nothing any more

  /// Makes a node that plays a model. Rejects with an InlayError.
  ///   channels  1 or 2: mono models play each channel on its own
  ///   size      from 0 to 1, for files that hold a model in several sizes
  static async create(context, model, { channels = 2, size = 1 } = {}) {
    const [module] = await Promise.all([moduleOf(), register(context)]);
    const node = new InlayNode(context, module, channels);
    try {
      await node.load(model, { size });
    } catch (error) {
      node.dispose();
      throw error;
    }
    return node;
  }

  constructor(context, module, channels) {
    super(context, 'inlay', {
      numberOfInputs: 1,
      numberOfOutputs: 1,
      outputChannelCount: [channels],
      channelCount: channels,
      channelCountMode: 'explicit',
      processorOptions: { module, channels },
    });
    const { port1, port2 } = new MessageChannel();
    this.port.postMessage({ worker: port1 }, [port1]);
    this.onprocessorerror = () => this.#end('the audio thread has no memory for the node');
    this.port.onmessage = ({ data }) => this.#usage.shift()?.(data.usage);
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    this.#worker.onmessage = ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.#asked.get(id);
      this.#asked.delete(id);
      if (error) reject(new InlayError(error));
      else resolve(result);
    };
    this.#worker.onerror = (event) => this.#end(event.message || 'worker.js cannot be loaded');
    this.#worker.postMessage({ start: { module, processor: port2, sampleRate: context.sampleRate, channels } }, [port2]);
  }

  /// Loads another model, and fades to it without a click. What plays goes on until then, and if loading fails.
  /// Resolves with the model's info once it is on the audio thread, and rejects with an InlayError.
  async load(model, { size = 1 } = {}) {
    const bytes = await bytesOf(model);
    const { info } = await this.#ask({ task: 'load', model: bytes, size }, [bytes.buffer]);
    if (info.knobs > KNOBS) console.warn(`inlay: only the first ${KNOBS} of ${info.knobs} knobs have parameters`);
    this.#info = info;
    return info;
  }

  /// What is known of the model that was loaded last; see index.d.ts.
  get info() { return this.#info; }
  /// Seconds by which the output is late.
  get latency() { return this.#info.latency / this.context.sampleRate; }

  get input() { return this.parameters.get('input'); }
  get output() { return this.parameters.get('output'); }
  /// The parameters of the model's knobs.
  get knobs() { return Array.from({ length: Math.min(KNOBS, this.#info.knobs) }, (_, k) => this.parameters.get(`knob${k}`)); }

  get bypass() { return this.parameters.get('bypass').value >= 0.5; }
  set bypass(on) { this.parameters.get('bypass').value = on ? 1 : 0; }

  /// The transfer curve: the output of largest magnitude within 4 ms after a step from silence to each of `inputs`.
  async transferCurve(inputs) {
    const knobs = this.knobs.map((knob) => knob.value);
    return (await this.#ask({ task: 'curve', inputs: Float32Array.from(inputs), knobs })).outputs;
  }

  /// The share of the time that the audio thread spends in this node, on average since the last call, and the number of
  /// frames that this average is of.
  usage() {
    return new Promise((resolve) => {
      this.#usage.push(resolve);
      this.port.postMessage({ usage: true });
    });
  }

  /// Ends the node, its worker and its memory.
  dispose() {
    this.disconnect();
    this.port.postMessage({ dispose: true });
    this.#worker.terminate();
    this.#end('the node was disposed of');
  }

  #ask(question, transferred = []) {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(new InlayError({ message: this.#ended }));
      const id = ++this.#count;
      this.#asked.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ...question }, transferred);
    });
  }
  #end(message) {
    this.#ended ??= message;
    for (const { reject } of this.#asked.values()) reject(new InlayError({ message }));
    this.#asked.clear();
  }
}
