import type { Device } from "../../engine/devices/device.ts";
import type { Config } from "../config/config.ts";
import { measureSpeed } from "../device_speed.ts";
import { estimateStep, type StepEstimate, totalBytes } from "../estimate.ts";
import { formatDuration } from "./progress.ts";

/** What training would take. */
export interface DryRun {
  /** The same as text. */
  readonly lines: readonly string[];
  /** Whether the device can hold it, as far as it says what it has. */
  readonly fits: boolean;
}

/**
 * Estimates what training with a config would take on a device, without running a step.
 *
 * @param machineBytes memory of the machine, which the wasm device works in
 * @throws {UserError} if the parts of the config do not fit together.
 */
export async function dryRun(
  config: Config,
  device: Device,
  machineBytes: number,
): Promise<DryRun> {
  const estimate = estimateStep(config, device.limits);
  const { memory, work } = estimate;
  const speed = await measureSpeed(device);
  const seconds = work.products / speed.products +
    work.elements / speed.elements;
  const stepTime = seconds < 10
    ? `${seconds.toPrecision(2)} s`
    : formatDuration(seconds);
  const total = totalBytes(memory);
  const share = (name: string, bytes: number) =>
    `  ${name.padEnd(12)} ${sizeText(bytes).padStart(9)} ${
      (100 * bytes / total).toFixed(1).padStart(5)
    } %`;
  const problem = problemOf(estimate, device, machineBytes);
  const lines = [
    `one step of ${config.batchSize} images needs ${sizeText(total)}:`,
    share("parameters", memory.parameters),
    share("activations", memory.activations),
    share("optimiser", memory.optimizer),
    share("vocabulary", memory.vocabulary),
    share("other", memory.other),
    `  largest buffer: ${
      sizeText(estimate.largest.bytes)
    }, ${estimate.largest.label}`,
    `it takes about ${stepTime} here ` +
    `(${(work.products / 1e9).toFixed(1)} GFLOP of products), ` +
    `${config.steps} steps about ${formatDuration(seconds * config.steps)}`,
    problem ??
      (device.kind === "wasm" || device.limits.memoryBytes
        ? "this device can hold it"
        : "each buffer fits this device, which does not report its total memory"),
  ];
  return { lines, fits: problem === undefined };
}

/** Why a device cannot hold a step; `undefined` if it can, as far as is known. */
function problemOf(
  { memory, largest }: StepEstimate,
  { kind, limits }: Device,
  machineBytes: number,
): string | undefined {
  const total = totalBytes(memory);
  const remedy = "lower batchSize or encoder.width";
  if (largest.bytes > limits.maxBufferBytes) {
    return `this device cannot hold it: it binds at most ${
      sizeText(limits.maxBufferBytes)
    } at once; ${remedy}`;
  }
  const available = kind === "wasm"
    ? Math.min(limits.memoryBytes ?? Infinity, machineBytes)
    : limits.memoryBytes ?? Infinity;
  return total > available
    ? `this device cannot hold it: it has ${sizeText(available)}; ${remedy}`
    : undefined;
}

/** Bytes in a readable unit. */
function sizeText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const unit = Math.min(
    units.length - 1,
    Math.floor(Math.log2(Math.max(bytes, 1)) / 10),
  );
  return `${(bytes / 2 ** (10 * unit)).toFixed(unit === 0 ? 0 : 1)} ${
    units[unit]
  }`;
}
