// Loads models, so that neither the page nor the audio thread waits: each in an instance of its own, whose memory then
// goes to the processor in parts.
import { Instance } from './instance.js';

/// Bytes that the audio thread copies at once: a few microseconds.
const PART = 65536;
/// Frames that a new model runs here. By then the browser has compiled the code that it uses in the better of its two
/// ways. The code is the same in the processor's instances.
const WARM_UP = 16384;

let module, settings, processor;
let loaded = null; // the instance of the model that was loaded last
let last = Promise.resolve();

const answers = [];
async function toProcessor(message, transferred = []) {
  processor.postMessage(message, transferred);
  const problem = await new Promise((resolve) => answers.push(resolve));
  if (problem) throw { message: problem };
}

/// Runs a model over silence, and returns the share of the time that the second half of it took.
function costOf(instance) {
  const run = (frames) => {
    const start = performance.now();
    for (let done = 0; done < frames; done += 128) instance.process(128);
    return (performance.now() - start) / 1000;
  };
  run(WARM_UP / 2);
  return (run(WARM_UP / 2) * settings.sampleRate) / (WARM_UP / 2);
}

async function load(bytes, size) {
  const instance = new Instance(module);
  const info = instance.load(bytes, { ...settings, size });
  info.cost = costOf(instance);
  instance.reset();
  const image = instance.image();
  await toProcessor({ begin: image.length });
  for (let offset = 0; offset < image.length; offset += PART) {
    const part = image.slice(offset, offset + PART).buffer;
    await toProcessor({ offset, part }, [part]);
  }
  await toProcessor({ end: info });
  loaded = instance;
  return { info };
}

const tasks = {
  load: ({ model, size }) => load(model, size),
  curve: ({ inputs, knobs }) => ({ outputs: loaded.curve(inputs, knobs) }),
};

onmessage = ({ data }) => {
  if (data.start) {
    ({ module, processor, ...settings } = data.start);
    processor.onmessage = (event) => answers.shift()(event.data);
    return;
  }
  // One after the other, in the order in which they were asked for.
  last = last.then(async () => {
    try {
      postMessage({ id: data.id, result: await tasks[data.task](data) });
    } catch (error) {
      const { message, place, layer, expected, found } = error;
      postMessage({ id: data.id, error: { message, place, layer, expected, found } });
    }
  });
};
