// Measurements in a browser. ?what=speed, start or real-time; the result goes to the server.
import { InlayNode } from '/index.js';
import { Instance } from '/instance.js';
import { measure } from './speed.mjs';

const parameters = new URLSearchParams(location.search);
const bytes = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
const models = Object.fromEntries(await Promise.all(['lstm', 'a1', 'a2'].map(async (name) => [name, await bytes(`/models/${name}.json`)])));
const seconds = (time) => new Promise((resolve) => setTimeout(resolve, 1000 * time));

const measurements = {
  /// Nanoseconds a sample.
  async speed() {
    const module = await WebAssembly.compile(await bytes(`/${parameters.get('module')}`));
    return measure(Instance, module, Object.values(models), 0.1);
  },

  /// Milliseconds: compiling the module, an instance of it, and a node with a model that plays, the first and later.
  async start() {
    const wasm = await bytes('/inlay.wasm');
    const context = new AudioContext({ sampleRate: 48000 });
    const timed = async (action) => {
      const start = performance.now();
      const result = await action();
      return [performance.now() - start, result];
    };
    const [compile, module] = await timed(() => WebAssembly.compile(wasm));
    const [instance] = await timed(() => new Instance(module));
    const nodes = {};
    for (const [name, model] of Object.entries(models)) {
      const [create, node] = await timed(() => InlayNode.create(context, model, { channels: 1 }));
      const [load] = await timed(() => node.load(model));
      nodes[name] = { create, load };
      node.dispose();
    }
    return { compile, instance, nodes };
  },

  /// The share of the deadline, and the callbacks that came too late, in blocks of 128 frames at 48 kHz.
  async 'real-time'() {
    const context = new AudioContext({ sampleRate: 48000 });
    await context.resume();
    const late = () => context.playbackStats?.underrunEvents ?? null;
    const rows = [];
    const play = async (what, first, channels, during = async () => {}) => {
      const node = await InlayNode.create(context, models[first], { channels });
      const source = new OscillatorNode(context);
      source.connect(node).connect(context.destination);
      source.start();
      await seconds(1);
      await node.usage();
      const before = late(), time = Number(parameters.get('seconds') ?? 10), start = performance.now();
      let exchanges = 0;
      while (performance.now() - start < 1000 * time) {
        await seconds(0.5);
        if (await during(node, exchanges)) ++exchanges;
      }
      const { share, frames } = await node.usage();
      rows.push({ what, cost: node.info.cost, share, seconds: frames / 48000, exchanges, late: before === null ? null : late() - before });
      node.dispose();
      source.stop();
    };
    await play('LSTM 20', 'lstm', 1);
    await play('A2', 'a2', 1);
    await play('A1 standard', 'a1', 1);
    await play('A1 standard, stereo', 'a1', 2);
    await play('A1 standard and LSTM 20, exchanged', 'a1', 1, async (node, i) => node.load(i % 2 ? models.a1 : models.lstm));
    return rows;
  },
};

const result = await measurements[parameters.get('what')]();
await fetch('/result', { method: 'POST', body: JSON.stringify(result) });
