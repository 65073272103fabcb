/** Whom we are compared with. */
import type { Device } from "../../engine/devices/device.ts";
import { MissingPeer, type Peer } from "../work.ts";
import { pytorchPeer } from "./pytorch.ts";

type Load = () => Promise<Peer>;

/** Those who compete with a device. */
export interface Peers {
  /** Run on what the device runs on. */
  readonly onSameBackend: readonly Peer[];
  /** Other backends of those in JavaScript: on a machine without a GPU, all run on the processor. */
  readonly onOtherBackends: readonly Peer[];
}

/** The peers that compete with a device. */
export async function peersOf({ kind }: Device): Promise<Peers> {
  const inPython = kind === "wasm"
    ? [pytorchPeer("CPU")]
    : [pytorchPeer("CUDA TF32"), pytorchPeer("CUDA f32")];
  return {
    onSameBackend: [...await inJavaScript(kind), ...inPython],
    onOtherBackends: await inJavaScript(kind === "wasm" ? "webgpu" : "wasm"),
  };
}

function inJavaScript(backend: Device["kind"]): Promise<Peer[]> {
  return Promise.all([
    load(
      `jax-js ${backend}`,
      async () => (await import("./jax.ts")).jaxPeer(backend),
    ),
    load(
      `tfjs ${backend}`,
      async () => (await import("./tfjs.ts")).tfjsPeer(backend),
    ),
  ]);
}

/** A peer whose package may not be installed. */
async function load(name: string, load: Load): Promise<Peer> {
  try {
    return await load();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      name,
      prepare: () => Promise.reject(new MissingPeer(reason.split("\n")[0])),
    };
  }
}
