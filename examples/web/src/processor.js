// The audio thread. It copies models from the worker, plays one, and fades to the next.
import { Instance } from './instance.js';

/// Frames of a fade from one model to the next.
const FADE = 1024;
/// Frames of recent input that a new model hears before it is heard, if it depends on as many.
const HISTORY = 16384;
/// Frames of input that are kept; a power of two.
const KEPT = 2 * HISTORY;
/// Seconds in which a knob reaches its new position.
const RAMP = 0.02;
const KNOBS = 8;

const decibels = (level) => 10 ** (level / 20);

/// Turns jumps of a value into ramps.
class Ramp {
  #value = NaN;
  #target = NaN;
  #left = 0;

  /// Writes the next `frames` values to `to`. The first target is reached at once.
  write(target, to, frames) {
    if (target !== this.#target) {
      this.#left = Number.isNaN(this.#target) ? 0 : Math.round(RAMP * sampleRate);
      this.#target = target;
      if (this.#left === 0) this.#value = target;
    }
    for (let t = 0; t < frames; ++t) {
      if (this.#left > 0) this.#value = --this.#left === 0 ? target : this.#value + (target - this.#value) / (this.#left + 1);
      to[t] = this.#value;
    }
  }
}

/// The last frames of a signal, numbered from 0.
class Recent {
  written = 0;
  constructor(channels) {
    this.channels = Array.from({ length: channels }, () => new Float32Array(KEPT));
  }
  /// Copies frames from `first` on. Those before the start of the signal are silent.
  read(channel, first, to, frames) {
    const from = this.channels[channel];
    for (let t = 0; t < frames; ++t) to[t] = first + t < 0 ? 0 : from[(first + t) & (KEPT - 1)];
  }
}

class InlayProcessor extends AudioWorkletProcessor {
  static get parameterDescriptors() {
    const parameter = (name, minValue, maxValue, defaultValue) => ({ name, minValue, maxValue, defaultValue, automationRate: 'k-rate' });
    return [
      parameter('input', -60, 60, 0), // dB
      parameter('output', -60, 60, 0), // dB
      parameter('bypass', 0, 1, 0),
      ...Array.from({ length: KNOBS }, (_, k) => parameter(`knob${k}`, -1e6, 1e6, 0.5)),
    ];
  }

  #channels;
  #alive = true;
  #playing = null; // { instance, info, heard }; heard: the frame after the last one that it has computed
  #next = null; // another one that catches up with the signal, then fades in
  #free; // instances that no model plays in
  #target = null; // the instance that a model is being copied into
  #faded = 0; // frames of the fade that are done
  #waiting = []; // called once the fade is over
  #gain = Float32Array.from({ length: FADE }, (_, t) => 0.5 - 0.5 * Math.cos((Math.PI * (t + 1)) / (FADE + 1)));
  #recent; // input of the model
  #dry; // input of the node
  #ramps = Array.from({ length: 3 + KNOBS }, () => new Ramp());
  #signals = []; // of the ramps
  #wet = []; // output of the model, and what it is mixed with
  #mixed = [];
  #busy = { milliseconds: 0, frames: 0 };

  constructor({ processorOptions: { module, channels } }) {
    super();
    this.#channels = channels;
    this.#free = [new Instance(module), new Instance(module)];
    this.#recent = new Recent(channels);
    this.#dry = new Recent(channels);
    this.port.onmessage = ({ data }) => {
      if (data.worker) data.worker.onmessage = (event) => this.#take(event.data, data.worker);
      if (data.usage) this.port.postMessage({ usage: this.#usage() });
      if (data.dispose) this.#alive = false;
    };
  }

  // --- messages of the worker -------------------------------------------------------------------------

  /// Each message is answered with what went wrong, or null; the worker waits for that. So the audio thread copies one
  /// part at a time, with the work of other messages and of `process` in between.
  #take({ begin, offset, part, end }, worker) {
    const answered = (action) => () => {
      try {
        action();
        worker.postMessage(null);
      } catch (error) {
        worker.postMessage(`the audio thread: ${error.message}`);
      }
    };
    if (begin) this.#afterFade(answered(() => this.#reserve(begin)));
    if (part) answered(() => this.#target.copy(offset, part))();
    if (end) answered(() => this.#publish(end))();
  }
  #afterFade(action) {
    if (this.#faded === 0) action();
    else this.#waiting.push(action);
  }
  /// A model that has not begun to fade in is dropped: the last one wins.
  #reserve(bytes) {
    if (this.#next) this.#free.push(this.#next.instance);
    this.#next = null;
    this.#target = this.#free[0];
    this.#target.reserve(bytes);
  }
  #publish(info) {
    this.#target.bind(this.#channels, info.knobs);
    const model = { instance: this.#free.shift(), info, heard: 0 };
    const started = this.#recent.written > 0;
    if (this.#playing && started) {
      model.heard = this.#recent.written - Math.min(info.receptiveField ?? HISTORY, HISTORY, this.#recent.written);
      this.#next = model;
    } else {
      if (this.#playing) this.#free.push(this.#playing.instance);
      model.heard = this.#recent.written;
      this.#playing = model;
    }
  }
  /// The share of the time that `process` takes, since the last call. Clocks of audio threads count whole milliseconds,
  /// so it is exact only on average, over many calls.
  #usage() {
    const { milliseconds, frames } = this.#busy;
    this.#busy = { milliseconds: 0, frames: 0 };
    return { share: frames ? (milliseconds * sampleRate) / (1000 * frames) : 0, frames };
  }

  // --- audio ------------------------------------------------------------------------------------------

  process(inputs, outputs, parameters) {
    const input = inputs[0], output = outputs[0];
    if (!this.#alive) return false; // the node and its memory may go
    const started = Date.now();
    const frames = output[0].length;
    this.#makeRoom(frames);
    const [inputGain, outputGain, bypass] = this.#signals;
    this.#ramps[0].write(decibels(parameters.input[0]), inputGain, frames);
    this.#ramps[1].write(decibels(parameters.output[0]), outputGain, frames);
    this.#ramps[2].write(parameters.bypass[0], bypass, frames);
    for (let k = 0; k < KNOBS; ++k) this.#ramps[3 + k].write(parameters[`knob${k}`][0], this.#signals[3 + k], frames);

    const first = this.#recent.written;
    for (let c = 0; c < this.#channels; ++c) {
      const x = input[c], wet = this.#recent.channels[c], dry = this.#dry.channels[c];
      for (let t = 0; t < frames; ++t) {
        const i = (first + t) & (KEPT - 1);
        dry[i] = x ? x[t] : 0;
        wet[i] = inputGain[t] * dry[i];
      }
    }
    this.#recent.written += frames;

    this.#play(first, frames);

    const latency = this.#playing ? this.#playing.info.latency : 0;
    for (let c = 0; c < output.length; ++c) {
      const y = output[c], wet = this.#wet[c], dry = this.#dry.channels[c];
      for (let t = 0; t < frames; ++t) {
        y[t] = outputGain[t] * wet[t];
        if (bypass[t] > 0) {
          const at = first + t - latency;
          y[t] = (1 - bypass[t]) * y[t] + bypass[t] * (at < 0 ? 0 : dry[at & (KEPT - 1)]);
        }
      }
    }
    this.#busy.milliseconds += Date.now() - started;
    this.#busy.frames += frames;
    return true;
  }

  #makeRoom(frames) {
    if (this.#wet.length > 0 && this.#wet[0].length >= frames) return;
    const room = (count) => Array.from({ length: count }, () => new Float32Array(frames));
    this.#signals = room(3 + KNOBS);
    this.#wet = room(this.#channels);
    this.#mixed = room(this.#channels);
  }

  #play(first, frames) {
    const next = this.#next;
    if (!this.#playing) {
      for (const channel of this.#wet) channel.fill(0);
      return;
    }
    this.#playing.heard = first;
    this.#hear(this.#playing, frames, this.#wet);
    if (!next || !this.#catchUp(next, first, frames)) return;
    this.#hear(next, frames, this.#mixed);
    const fading = Math.min(frames, FADE - this.#faded);
    for (let c = 0; c < this.#channels; ++c) {
      const y = this.#wet[c], z = this.#mixed[c];
      for (let t = 0; t < fading; ++t) y[t] += this.#gain[this.#faded + t] * (z[t] - y[t]);
      for (let t = fading; t < frames; ++t) y[t] = z[t];
    }
    this.#faded += fading;
    if (this.#faded === FADE) this.#endFade();
  }

  #endFade() {
    this.#free.push(this.#playing.instance);
    this.#playing = this.#next;
    this.#next = null;
    this.#faded = 0;
    for (const action of this.#waiting.splice(0)) action();
  }

  /// Runs a new model over frames before `first` that it has not heard: at most one and a half times as many as those
  /// of this call. Returns whether it has heard all of them.
  #catchUp(next, first, frames) {
    const missing = first - next.heard, more = (frames >> 1) + 1;
    const all = missing <= more;
    for (let left = all ? missing : frames + more; left > 0; ) {
      const n = Math.min(left, frames);
      this.#hear(next, n, this.#mixed);
      left -= n;
    }
    return all;
  }

  /// Computes the next `frames` frames of the recent signal.
  #hear(model, frames, to) {
    const { instance } = model;
    for (let done = 0; done < frames; ) {
      const n = Math.min(frames - done, instance.blockFrames);
      for (let c = 0; c < this.#channels; ++c) this.#recent.read(c, model.heard, instance.in[c], n);
      for (let k = 0; k < instance.knobs.length; ++k) {
        const signal = this.#signals[3 + k];
        for (let t = 0; t < n; ++t) instance.knobs[k][t] = signal[done + t];
      }
      instance.process(n);
      for (let c = 0; c < this.#channels; ++c)
        for (let t = 0; t < n; ++t) to[c][done + t] = instance.out[c][t];
      model.heard += n;
      done += n;
    }
  }
}

registerProcessor('inlay', InlayProcessor);
