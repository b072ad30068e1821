/** A model that cannot be loaded. */
export class InlayError extends Error {
  /** Place in the file, such as `layers[2].kernel.data[17]`. */
  readonly place: string;
  /** Layer of the network, such as `layer 2 of the model: dense 20 -> 1`. */
  readonly layer: string;
  readonly expected: string;
  readonly found: string;
}

/** What is known of a model. */
export interface ModelInfo {
  /** Name of the file's format, such as "Neural Amp Modeler". */
  format: string;
  /** Channels of one voice. */
  channels: number;
  knobs: number;
  /** Sample rate in Hz that the model runs at: 48000 if the file does not state it. */
  sampleRate: number;
  parameters: number;
  macsPerSample: number;
  /** Frames of the context by which the output is late. */
  latency: number;
  /** Frames of the context that an output depends on; null for recurrent networks. */
  receptiveField: number | null;
  /** Level in dB that brings the output to a loudness of -18 dB; 0 if the file does not state its loudness. */
  outputGain: number;
  /** Largest difference between the output and the file's check; null if the file has no check. */
  checkError: number | null;
  /** Share of the time of a core that the model takes, measured in the worker; 0.1 is a tenth. */
  cost: number;
  /** The file's metadata, or null. */
  metadata: unknown;
}

/** Bytes or text of a .nam file or of a .json file of AIDA-X, RTNeural, Proteus or inlay, or bytes of a .namb file. */
export type Model = ArrayBuffer | ArrayBufferView | Blob | string;

export interface NodeOptions {
  /** 1 or 2, default 2: a mono model plays each channel on its own. */
  channels?: 1 | 2;
  /** Size, from 0 to 1, of files that hold a model in several sizes. Default 1. */
  size?: number;
}

/** An AudioNode that plays a model. */
export class InlayNode extends AudioWorkletNode {
  /** Makes a node. Rejects with an InlayError if the model cannot be loaded. */
  static create(context: BaseAudioContext, model: Model, options?: NodeOptions): Promise<InlayNode>;

  /** Loads another model and fades to it. If loading fails, what plays goes on. */
  load(model: Model, options?: { size?: number }): Promise<ModelInfo>;

  readonly info: ModelInfo;
  /** Seconds by which the output is late. */
  readonly latency: number;
  /** Level before the model in dB, from -60 to 60. */
  readonly input: AudioParam;
  /** Level after the model in dB, from -60 to 60. */
  readonly output: AudioParam;
  /** Knobs of the model, eight at most. Their range is that of the training, mostly 0 to 1. */
  readonly knobs: AudioParam[];
  /** Whether the input goes through unchanged, as late as the model's output. */
  bypass: boolean;

  /** Output of largest magnitude within 4 ms after a step from silence to each of `inputs`; mono models only. */
  transferCurve(inputs: Iterable<number>): Promise<Float32Array>;
  /**
   * Share of the time that the audio thread spends in this node, averaged over `frames` since the last call. Clocks of
   * audio threads count milliseconds: of a small share, `info.cost` says more.
   */
  usage(): Promise<{ share: number; frames: number }>;
  /** Ends the node, its worker and its memory. */
  dispose(): void;
}
