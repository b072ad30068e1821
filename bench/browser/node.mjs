// Measures inlay.wasm in Node.
//   node node.mjs PACKAGE sizes [MODULE]     bytes of inlay.wasm, and when it is compressed
//   node node.mjs PACKAGE start              milliseconds of compiling it, and of an instance
//   node node.mjs PACKAGE load MODEL...      milliseconds of loading, bytes of the image, microseconds to copy a part of it
//   node node.mjs PACKAGE speed MODEL...     nanoseconds a sample, see speed.mjs
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { measure } from './speed.mjs';

const [folder, what, ...files] = process.argv.slice(2);
const { Instance } = await import(pathToFileURL(`${folder}/instance.js`));
const wasm = readFileSync(`${folder}/${what === 'sizes' && files[0] ? files[0] : 'inlay.wasm'}`);

if (what === 'sizes') {
  console.log(`${wasm.length} bytes, gzip -9 ${gzipSync(wasm, { level: 9 }).length}, brotli ${brotliCompressSync(wasm).length}`);
} else {
  const start = performance.now();
  const module = await WebAssembly.compile(wasm);
  const compiled = performance.now();
  if (what === 'start') {
    new Instance(module);
    console.log(`compile ${(compiled - start).toFixed(1)} ms, instance ${(performance.now() - compiled).toFixed(1)} ms`);
  } else if (what === 'load') {
    for (const file of files) {
      const bytes = readFileSync(file), before = performance.now();
      const instance = new Instance(module), target = new Instance(module);
      instance.load(bytes, { sampleRate: 48000, channels: 1, size: 1 });
      const loaded = performance.now(), image = instance.image();
      target.reserve(image.length);
      const parts = [];
      for (let offset = 0; offset < image.length; offset += 65536) {
        const part = image.slice(offset, offset + 65536).buffer, start = performance.now();
        target.copy(offset, part);
        parts.push(1000 * (performance.now() - start));
      }
      console.log(`${file}: ${(loaded - before).toFixed(0)} ms, ${image.length} bytes, a part ${parts.sort((a, b) => a - b)[parts.length >> 1].toFixed(0)} µs`);
    }
  } else {
    console.log(measure(Instance, module, files.map((file) => readFileSync(file))).map((t) => t.toFixed(1)).join(' '));
  }
}
