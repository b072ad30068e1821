// The page: a signal, a node, meters, and the curve.
import { InlayNode } from './index.js';

const at = (id) => document.getElementById(id);
const POINTS = 161;
const inputs = Float32Array.from({ length: POINTS }, (_, i) => (2 * i) / (POINTS - 1) - 1);

let context = null; // made on the first gesture: browsers do not start one before
let node = null;
let meterIn, meterOut;
let source = null; // what plays: a buffer or the microphone
let stopMicrophone = () => {};
let recording = null; // { name, buffer }
let guitar = null;
let model = null; // { name, bytes } of what plays
let curve = null;

// --- the model ----------------------------------------------------------------------------------------

const problem = (text) => {
  at('error').textContent = text;
  at('error').hidden = !text;
};

/// Makes the graph: source, node, speakers, with meters at both ends.
async function start(bytes) {
  context = new AudioContext({ latencyHint: 'interactive' });
  node = await InlayNode.create(context, bytes);
  meterIn = new AnalyserNode(context, { fftSize: 2048 });
  meterOut = new AnalyserNode(context, { fftSize: 2048 });
  node.connect(meterOut).connect(context.destination);
}

async function load(name, bytes) {
  try {
    if (node) await node.load(bytes);
    else await start(bytes);
  } catch (error) {
    problem(`${name}: ${error.message}`);
    if (!model) at('name').textContent = 'No model';
    return;
  }
  problem('');
  model = { name };
  const { info } = node;
  at('name').textContent = info.metadata?.name || name;
  at('facts').textContent = [
    info.format,
    `${info.parameters.toLocaleString('en')} parameters`,
    `${info.sampleRate / 1000} kHz`,
    info.latency ? `latency ${(1000 * node.latency).toFixed(1)} ms` : '',
  ].filter(Boolean).join(' · ');
  at('usage').textContent = `It takes ${(100 * info.cost).toFixed(1)}% of the time of a core.`;
  showKnobs();
  output.set(info.outputGain);
  at('play').disabled = at('bypass').disabled = false;
  await showCurve();
}

async function fetched(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.arrayBuffer();
}
const loadExample = async () => load('amp.json', await fetched('amp.json'));

// --- the signal ---------------------------------------------------------------------------------------

async function bufferOf(kind) {
  if (kind === 'recording') return recording.buffer;
  guitar ??= await context.decodeAudioData(await fetched('guitar.wav'));
  return guitar;
}

async function play() {
  await context.resume();
  const kind = chosen();
  if (kind === 'microphone') {
    // Without the processing that is meant for speech.
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    });
    stopMicrophone = () => stream.getTracks().forEach((track) => track.stop());
    source = new MediaStreamAudioSourceNode(context, { mediaStream: stream });
  } else {
    source = new AudioBufferSourceNode(context, { buffer: await bufferOf(kind), loop: true });
    source.start();
  }
  source.connect(node);
  source.connect(meterIn);
  at('play').textContent = 'Stop';
}
function stop() {
  source?.disconnect();
  source = null;
  stopMicrophone();
  stopMicrophone = () => {};
  at('play').textContent = 'Play';
}
async function restart() {
  stop();
  await play().catch((error) => {
    stop();
    problem(chosen() === 'microphone' ? `Microphone: ${error.message}` : error.message);
  });
}

const chosen = () => document.querySelector('[name=source]:checked').value;
const descriptions = {
  guitar: () => 'A recorded guitar without an amplifier, 6 seconds, repeated.',
  recording: () => (recording ? recording.name : 'None yet.'),
  microphone: () => 'Use headphones: an amplifier in front of a loudspeaker howls.',
};
function showSource() {
  at('source-name').textContent = descriptions[chosen()]();
}

async function openRecording(file) {
  try {
    recording = { name: file.name, buffer: await context.decodeAudioData(await file.arrayBuffer()) };
  } catch {
    return problem(`${file.name}: the browser cannot decode it`);
  }
  document.querySelector('[value=recording]').checked = true;
  showSource();
  if (source) await restart();
}

async function opened(file) {
  if (file.type.startsWith('audio/') || /\.(wav|flac|mp3|ogg|m4a|aiff?)$/i.test(file.name)) await openRecording(file);
  else await load(file.name, await file.arrayBuffer());
}

// --- levels -------------------------------------------------------------------------------------------

/// A slider with its name and its value.
function slider(name, least, most, step, value, text, changed) {
  const row = document.createElement('label');
  row.className = 'knob';
  const range = Object.assign(document.createElement('input'), { type: 'range', min: least, max: most, step, value });
  const shown = document.createElement('output');
  const set = (position) => {
    range.value = position;
    shown.textContent = text(range.valueAsNumber);
    changed(range.valueAsNumber);
  };
  range.oninput = () => set(range.valueAsNumber);
  row.append(Object.assign(document.createElement('span'), { textContent: name }), range, shown);
  row.ondblclick = () => set(value);
  set(value);
  return { row, set };
}
const signed = (x) => `${x > 0 ? '+' : x < 0 ? '−' : ''}${Math.abs(x).toFixed(1)} dB`;
const inputLevel = slider('Level in', -24, 24, 0.1, 0, signed, (dB) => node && (node.input.value = dB));
const output = slider('Level out', -24, 24, 0.1, 0, signed, (dB) => node && (node.output.value = dB));

function showKnobs() {
  const knobs = node.knobs.map((knob, k) =>
    slider(`Knob ${k + 1}`, 0, 1, 0.01, 0.5, (x) => x.toFixed(2), (x) => {
      knob.value = x;
      showCurve();
    }),
  );
  at('knobs').replaceChildren(inputLevel.row, output.row, ...knobs.map(({ row }) => row));
}

const FLOOR = -60;
const samples = new Float32Array(2048);
const shown = { in: FLOOR, out: FLOOR };
/// Level of the last frames of an analyser in dB. It falls slowly.
function level(analyser, name) {
  analyser.getFloatTimeDomainData(samples);
  const peak = samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  shown[name] = Math.max(FLOOR, shown[name] - 0.6, 20 * Math.log10(peak));
  at(`meter-${name}`).style.clipPath = `inset(0 ${(100 * Math.max(0, -shown[name])) / -FLOOR}% 0 0)`;
  at(`peak-${name}`).textContent = shown[name] > FLOOR ? `${shown[name].toFixed(1).replace('-', '−')} dB` : '−∞';
}

function draw() {
  requestAnimationFrame(draw);
  if (!node) return;
  level(meterIn, 'in');
  level(meterOut, 'out');
  showReached(10 ** ((shown.in + node.input.value) / 20));
}

// --- the curve ----------------------------------------------------------------------------------------

const path = (from, to) => {
  const scale = Math.max(0.1, ...curve.map(Math.abs));
  return 'M' + Array.from(inputs.slice(from, to), (x, i) => `${x.toFixed(4)},${(-curve[from + i] / scale).toFixed(4)}`).join('L');
};
function drawGrid() {
  const lines = [-1, -0.5, 0, 0.5, 1].map((v) => `<path class="${v === 0 ? 'axis' : ''}" d="M${v},-1V1M-1,${v}H1"/>`);
  const text = (x, y, t, anchor) => `<text x="${x}" y="${y}" text-anchor="${anchor}">${t}</text>`;
  at('grid').innerHTML = lines.join('') + text(0.98, 0.08, 'input', 'end') + text(-0.03, -0.93, 'output', 'end');
}
async function showCurve() {
  curve = await node.transferCurve(inputs);
  at('line').setAttribute('d', path(0, POINTS));
}
function showReached(peak) {
  if (!curve) return;
  const reach = Math.round((Math.min(1, peak) * (POINTS - 1)) / 2), middle = (POINTS - 1) / 2;
  at('reached').setAttribute('d', source && reach > 0 ? path(middle - reach, middle + reach + 1) : '');
}

// --- what a person does -------------------------------------------------------------------------------

at('model-file').onchange = ({ target }) => target.files[0] && opened(target.files[0]).then(() => (target.value = ''));
at('recording-file').onchange = ({ target }) => target.files[0] && openRecording(target.files[0]).then(() => (target.value = ''));
at('example').onclick = loadExample;
at('play').onclick = () => (source ? stop() : restart());
at('bypass').onchange = ({ target }) => (node.bypass = target.checked);
for (const choice of document.querySelectorAll('[name=source]'))
  choice.onchange = async () => {
    showSource();
    if (chosen() === 'recording' && !recording) at('recording-file').click();
    else if (source) await restart();
  };

let inside = 0;
addEventListener('dragenter', () => (at('drop').hidden = ++inside === 0));
addEventListener('dragleave', () => (at('drop').hidden = --inside === 0));
addEventListener('dragover', (event) => event.preventDefault());
addEventListener('drop', async (event) => {
  event.preventDefault();
  inside = 0;
  at('drop').hidden = true;
  for (const file of event.dataTransfer.files) await opened(file);
});

drawGrid();
await loadExample().catch((error) => problem(error.message));
requestAnimationFrame(draw);
