// Nanoseconds a sample of models in WebAssembly, in blocks of 128 frames, measured as in native.cpp.
const BLOCK = 128, BLOCKS = 20, RUNS = 100;

/// `Instance` is that of the package, `models` the bytes of files. The clocks of browsers are coarse: runs are longer
/// where `clock`, the step of the clock in milliseconds, is.
export function measure(Instance, module, models, clock = 0) {
  return models.map((bytes) => {
    const instance = new Instance(module);
    instance.load(bytes, { sampleRate: 48000, channels: 1, size: 1 });
    const input = Float32Array.from({ length: BLOCK }, (_, t) => (0.3 * (t % 32)) / 32);
    const run = (blocks) => {
      const start = performance.now();
      for (let b = 0; b < blocks; ++b) {
        instance.in[0].set(input);
        instance.process(BLOCK);
      }
      return (1e6 * (performance.now() - start)) / (BLOCK * blocks);
    };
    for (let i = 0; i < 300; ++i) run(BLOCKS); // the better code of the two that engines make is there by then
    const blocks = Math.max(BLOCKS, Math.ceil((1e6 * 50 * clock) / (run(BLOCKS * 10) * BLOCK)));
    let best = Infinity;
    for (let i = 0; i < RUNS; ++i) best = Math.min(best, run(blocks));
    return best;
  });
}
