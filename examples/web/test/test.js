// Tests of the package in a browser. The result goes to the server.
import { InlayError, InlayNode } from '/index.js';

const RATE = 48000;

const fetched = async (path) => {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.arrayBuffer();
};
const floats = async (path) => new Float32Array(await fetched(path));

function check(right, what) {
  if (!right) throw new Error(what);
}
function checkBelow(value, bound, what) {
  check(value <= bound, `${what}: ${value}, which is not below ${bound}`);
}
const seconds = (time) => new Promise((resolve) => setTimeout(resolve, 1000 * time));
async function rejected(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/// Plays channels through a node that `make` makes for the context, and returns the node and what it gave. `during` is
/// called before rendering starts, and may return a function to wait for before the node ends.
async function render(channels, make, rate = RATE, during = () => {}) {
  const frames = channels[0].length;
  const context = new OfflineAudioContext({ numberOfChannels: channels.length, length: frames, sampleRate: rate });
  const buffer = context.createBuffer(channels.length, frames, rate);
  channels.forEach((signal, c) => buffer.copyToChannel(signal, c));
  const source = new AudioBufferSourceNode(context, { buffer });
  const node = await make(context);
  source.connect(node).connect(context.destination);
  source.start();
  const atEnd = during(context, node);
  const rendered = await context.startRendering();
  await atEnd?.();
  node.dispose();
  return { node, output: channels.map((_, c) => rendered.getChannelData(c)) };
}

function largestDifference(a, b, from = 0, to = Math.min(a.length, b.length)) {
  let largest = 0;
  for (let t = from; t < to; ++t) largest = Math.max(largest, Math.abs(a[t] - b[t]));
  return largest;
}
const delayed = (x, frames) => Float32Array.from(x, (_, t) => (t < frames ? 0 : x[t - frames]));
const sine = (frames, hertz, level = 0.5) => Float32Array.from({ length: frames }, (_, t) => level * Math.sin((2 * Math.PI * hertz * t) / RATE));

/// Plays a signal through the LSTM, and calls functions of the node while rendering waits at some frames.
async function exchanged(x, actions) {
  const make = async (context) => {
    const node = await InlayNode.create(context, models.lstm, { channels: 1 });
    await actions[0]?.(node);
    return node;
  };
  const during = (context, node) => {
    for (const frame of Object.keys(actions).filter(Number))
      context.suspend(frame / RATE).then(async () => {
        await actions[frame](node);
        context.resume();
      });
    return actions.end;
  };
  return (await render([x], make, RATE, during)).output[0];
}

/// Largest second difference of a signal, which a click makes larger.
function roughness(x, from, to) {
  let largest = 0;
  for (let t = from + 2; t < to; ++t) largest = Math.max(largest, Math.abs(x[t] - 2 * x[t - 1] + x[t - 2]));
  return largest;
}

const guitar = await floats('/golden/guitar.f32');
const models = {};
for (const name of ['lstm', 'a1', 'a2', 'knobs', 'sizes']) models[name] = await fetched(`/golden/${name}.json`);

const tests = {
  async 'the recorded guitar is that of the native model'() {
    for (const name of ['lstm', 'a1', 'a2']) {
      const golden = await floats(`/golden/${name}.f32`);
      const { output } = await render([guitar], (context) => InlayNode.create(context, models[name], { channels: 1 }));
      const loudest = golden.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      check(loudest > 0.01, `${name}: the golden is silent`);
      checkBelow(largestDifference(output[0], golden), 1e-5, name);
    }
  },

  async 'files of others, also with several sizes'() {
    const half = '{"in_shape": [null, null, 1], "layers": [{"type": "dense", "activation": "", "shape": [null, null, 1], "weights": [[[0.5]], [0]]}]}';
    const x = guitar.slice(0, 4800);
    const { node, output } = await render([x], (context) => InlayNode.create(context, half, { channels: 1 }));
    check(node.info.format === 'RTNeural', node.info.format);
    checkBelow(largestDifference(output[0], x.map((v) => 0.5 * v)), 0, 'half');
    const sizes = [];
    for (const size of [0, 1]) {
      const { node: nam } = await render([x], (context) => InlayNode.create(context, models.sizes, { size, channels: 1 }));
      check(nam.info.format === 'Neural Amp Modeler', nam.info.format);
      sizes.push(nam.info.macsPerSample);
    }
    check(sizes[0] < sizes[1], `sizes ${sizes}`);
  },

  async 'stereo: each channel is that of the mono model'() {
    const part = guitar.slice(0, 24000), other = part.map((x) => -0.5 * x);
    const make = (channels) => (context) => InlayNode.create(context, models.lstm, { channels });
    const left = await render([part], make(1)), right = await render([other], make(1));
    const { output } = await render([part, other], make(2));
    checkBelow(largestDifference(output[0], left.output[0]), 0, 'left');
    checkBelow(largestDifference(output[1], right.output[0]), 0, 'right');
  },

  async 'an error names the place'() {
    const context = new OfflineAudioContext(1, 128, RATE);
    const broken = JSON.parse(new TextDecoder().decode(models.lstm));
    broken.layers[0].out = 21;
    const error = await rejected(InlayNode.create(context, JSON.stringify(broken)));
    check(error instanceof InlayError, `${error} is no InlayError`);
    check(error.place.startsWith('layers[0]'), `place: ${error.place}`);
    check(error.expected && error.found, 'expected and found are empty');
    check(error.message.includes(error.place), `message: ${error.message}`);
    for (const model of ['', '{', '[]', new Uint8Array(1000), '{"layers":' + '['.repeat(1000)])
      check((await rejected(InlayNode.create(context, model))) instanceof InlayError, `${model} is no InlayError`);
    check((await rejected(InlayNode.create(context, 7))) instanceof TypeError, 'a number is no TypeError');
  },

  async 'after an error the model before plays on, and another one loads'() {
    const { output } = await render([guitar.slice(0, 24000)], async (context) => {
      const node = await InlayNode.create(context, models.lstm, { channels: 1 });
      await rejected(node.load('{}'));
      check(node.info.parameters > 0, 'info is lost');
      return node;
    });
    const golden = await floats('/golden/lstm.f32');
    checkBelow(largestDifference(output[0], golden, 0, 24000), 1e-5, 'the model before');
    const again = await render([guitar.slice(0, 24000)], async (context) => {
      const node = await InlayNode.create(context, models.a1, { channels: 1 });
      await rejected(node.load('{}'));
      await node.load(models.lstm);
      return node;
    });
    checkBelow(largestDifference(again.output[0], golden, 0, 24000), 1e-5, 'the next one');
  },

  async 'another model fades in without a click, in the state that it would have'() {
    const x = sine(96000, 220), at = 24064;
    const alone = {};
    for (const name of ['lstm', 'a2'])
      alone[name] = (await render([x], (context) => InlayNode.create(context, models[name], { channels: 1 }))).output[0];
    const y = await exchanged(x, { [at]: (node) => node.load(models.a2) });
    checkBelow(largestDifference(y, alone.lstm, 0, at), 0, 'before');
    const start = y.findIndex((v, t) => v !== alone.lstm[t]);
    check(start > at && start < 60000, `it fades in from ${start} on`);
    checkBelow(largestDifference(y, alone.a2, start + 1024), 1e-5, 'after the fade');
    const cut = y.map((_, t) => (t < start ? alone.lstm[t] : alone.a2[t]));
    const bound = 1.1 * Math.max(roughness(alone.lstm, 20000, 96000), roughness(alone.a2, 20000, 96000));
    check(roughness(cut, start - 100, start + 100) > 1.5 * bound, 'the measure does not see a click');
    checkBelow(roughness(y, 20000, 96000), bound, 'a click');
  },

  async 'of several models the last one plays'() {
    const x = guitar, golden = await floats('/golden/a1.f32');
    const all = async (node) => void (await Promise.all(['a2', 'lstm', 'a1'].map((name) => node.load(models[name]))));
    checkBelow(largestDifference(await exchanged(x, { 0: all }), golden), 1e-5, 'at the start');
    checkBelow(largestDifference(await exchanged(x, { 12800: all }), golden, 64000), 1e-5, 'while another one plays');
  },

  async 'a model that is loaded during a fade waits for its end'() {
    const x = sine(96000, 220), at = 24064;
    const first = (node) => node.load(models.a2);
    const before = await exchanged(x, {}), once = await exchanged(x, { [at]: first });
    const during = 128 * Math.ceil((once.findIndex((v, t) => v !== before[t]) + 256) / 128);
    let second;
    const load = async (node) => {
      second = node.load(models.lstm);
      await seconds(0.3); // the worker has asked for room by then
    };
    const twice = await exchanged(x, { [at]: first, [during]: load, end: () => second });
    checkBelow(largestDifference(once, twice, 0, during + 768), 0, 'the fade');
  },

  async 'bypass is the input, later by the latency, at any sample rate'() {
    const x = guitar.slice(0, 24000);
    for (const rate of [44100, 48000, 96000]) {
      const { node, output } = await render(
        [x],
        async (context) => {
          const made = await InlayNode.create(context, models.lstm, { channels: 1 });
          made.bypass = true;
          check(made.bypass, 'bypass');
          return made;
        },
        rate,
      );
      check(rate === 48000 ? node.info.latency === 0 : node.info.latency > 30, `latency of ${node.info.latency} at ${rate}`);
      check(Math.abs(node.latency - node.info.latency / rate) < 1e-12, 'seconds');
      checkBelow(largestDifference(output[0], delayed(x, node.info.latency)), 0, `bypass at ${rate}`);
    }
  },

  async 'at another sample rate the model sounds as at its own'() {
    // A sine at 44.1 kHz against the same one at 48 kHz: the level of the output in both, after the start.
    const level = (y, from) => Math.sqrt(y.slice(from).reduce((sum, v) => sum + v * v, 0) / (y.length - from));
    const levels = [];
    for (const rate of [48000, 44100, 96000]) {
      const x = Float32Array.from({ length: rate }, (_, t) => 0.3 * Math.sin((2 * Math.PI * 1000 * t) / rate));
      const { output } = await render([x], (context) => InlayNode.create(context, models.lstm, { channels: 1 }), rate);
      levels.push(level(output[0], rate / 2));
    }
    checkBelow(Math.abs(levels[1] / levels[0] - 1), 1e-3, '44.1 kHz');
    checkBelow(Math.abs(levels[2] / levels[0] - 1), 1e-3, '96 kHz');
  },

  async 'levels are in decibels'() {
    const x = guitar.slice(0, 24000);
    const make = (input, output) => async (context) => {
      const node = await InlayNode.create(context, models.lstm, { channels: 1 });
      [node.input.value, node.output.value] = [input, output];
      return node;
    };
    const louder = await render([x], make(6, -12));
    const by = await render([x.map((v) => v * 10 ** 0.3)], make(0, 0));
    checkBelow(largestDifference(louder.output[0], by.output[0].map((v) => v * 10 ** -0.6)), 1e-6, 'levels');
  },

  async 'knobs are parameters'() {
    const x = guitar.slice(0, 24000);
    const outputs = [];
    for (const position of [0, 0.5, 1]) {
      const { node, output } = await render([x], async (context) => {
        const made = await InlayNode.create(context, models.knobs, { channels: 1 });
        for (const knob of made.knobs) knob.value = position;
        return made;
      });
      check(node.knobs.length === node.info.knobs && node.info.knobs > 0, `${node.info.knobs} knobs`);
      outputs.push(output[0]);
    }
    check(largestDifference(outputs[0], outputs[1]) > 1e-4, '0 sounds like 0.5');
    check(largestDifference(outputs[1], outputs[2]) > 1e-4, '0.5 sounds like 1');
  },

  async 'a damaged signal does not stay'() {
    const x = guitar.slice(0, 48000), damaged = x.slice();
    damaged[1000] = NaN;
    const make = (context) => InlayNode.create(context, models.a2, { channels: 1 });
    const [whole, repaired] = [await render([x], make), await render([damaged], make)];
    check(repaired.output[0].every(Number.isFinite), 'NaN in the output');
    checkBelow(largestDifference(whole.output[0], repaired.output[0], 40000), 1e-5, 'after it');
  },

  async 'the transfer curve'() {
    const context = new OfflineAudioContext(1, 128, RATE);
    const node = await InlayNode.create(context, models.lstm);
    const curve = await node.transferCurve([-1, -0.5, 0, 0.5, 1]);
    check(node.info.cost > 0, 'no cost');
    check(curve.length === 5 && curve.every(Number.isFinite), `${curve}`);
    check(curve[4] > curve[2] && curve[2] > curve[0], `not rising: ${curve}`);
    await rejected(node.load('{}'));
    const after = await node.transferCurve([-1, -0.5, 0, 0.5, 1]);
    checkBelow(largestDifference(curve, after), 0, 'after an error');
    await node.load(models.a2);
    check(largestDifference(curve, await node.transferCurve([-1, -0.5, 0, 0.5, 1])) > 1e-3, 'of the model before');
    node.dispose();
  },

  async 'a node ends'() {
    const context = new OfflineAudioContext(1, 128, RATE);
    const node = await InlayNode.create(context, models.lstm);
    const loading = rejected(node.load(models.a1));
    await Promise.resolve();
    node.dispose();
    node.dispose();
    check((await loading) instanceof InlayError, 'loading goes on');
    check((await rejected(node.load(models.lstm))) instanceof InlayError, 'it loads');
  },

  async 'it plays in real time'() {
    const context = new AudioContext({ sampleRate: RATE });
    await context.resume();
    const node = await InlayNode.create(context, models.a1, { channels: 1 });
    const source = new OscillatorNode(context);
    const analyser = new AnalyserNode(context);
    source.connect(node).connect(analyser).connect(context.destination);
    source.start();
    await seconds(0.5);
    await node.load(models.lstm);
    await seconds(0.3);
    const { frames } = await node.usage();
    check(frames > 0, 'nothing was played');
    const heard = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(heard);
    check(heard.some((v) => Math.abs(v) > 1e-3), 'nothing is heard');
    node.dispose();
    await context.close();
  },
};

const wanted = new URLSearchParams(location.search).get('test');
const results = [];
for (const [name, test] of Object.entries(tests)) {
  if (wanted && !name.includes(wanted)) continue;
  let failure = null;
  try {
    await Promise.race([test(), seconds(60).then(() => Promise.reject(new Error('no end after 60 s')))]);
  } catch (error) {
    failure = `${error.message}\n${error.stack}`;
  }
  results.push({ name, failure });
}
await fetch('/result', { method: 'POST', body: JSON.stringify(results) });
