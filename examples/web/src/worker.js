// Loads models, so that neither the page nor the audio thread waits. The memory with the model then goes to the processor
// in parts.
import { Instance } from './instance.js';

/// Bytes that the audio thread copies at once, which takes some 40 microseconds.
const PART = 65536;
/// Frames that a new model runs here. By then the browser has compiled the code that it uses in the better of its two
/// ways. The code is the same in the processor's instances. Then it is timed so many times: the shortest counts, as other
/// programs want the core, too.
const WARM_UP = 8192, TIMED = 4096, TIMES = 4;

let module, settings, processor;
let instance, empty; // its memory without a model
let loaded = null; // the model that was loaded last: { image, info }
let last = Promise.resolve();
const answers = [];

async function toProcessor(message, transferred = []) {
  processor.postMessage(message, transferred);
  const problem = await new Promise((resolve) => answers.push(resolve));
  if (problem) throw { message: problem };
}

/// Runs a model over silence, and returns the share of the time that it takes.
function costOf(instance) {
  const run = (frames) => {
    const start = performance.now();
    for (let done = 0; done < frames; done += 128) instance.process(128);
    return (performance.now() - start) / 1000;
  };
  run(WARM_UP);
  return (Math.min(...Array.from({ length: TIMES }, () => run(TIMED))) * settings.sampleRate) / TIMED;
}

/// Loads a model into the instance. If it cannot, the one before is back. Instances are used again: browsers reserve
/// gigabytes of addresses for each.
function loadImage(bytes, size) {
  try {
    instance.restore(empty);
    const info = instance.load(bytes, { ...settings, size });
    info.cost = costOf(instance);
    instance.reset();
    loaded = { image: instance.image(), info };
  } catch (error) {
    if (instance.broken) instance = new Instance(module);
    if (loaded) {
      instance.reserve(loaded.image.length);
      instance.restore(loaded.image);
      instance.bind(settings.channels, loaded.info.knobs);
    }
    throw error;
  }
}

async function load(bytes, size) {
  loadImage(bytes, size);
  const { image, info } = loaded;
  await toProcessor({ begin: image.length });
  for (let offset = 0; offset < image.length; offset += PART) {
    const part = image.slice(offset, offset + PART).buffer;
    await toProcessor({ offset, part }, [part]);
  }
  await toProcessor({ end: info });
  return { info };
}

const tasks = {
  load: ({ model, size }) => load(model, size),
  curve: ({ inputs, knobs }) => ({ outputs: instance.curve(inputs, knobs) }),
};

onmessage = ({ data }) => {
  if (data.start) {
    ({ module, processor, ...settings } = data.start);
    instance = new Instance(module);
    empty = instance.image();
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
