import { findAdapter } from "../../engine/devices/webgpu/adapter.ts";
import type { Draw } from "../fuzz/draw.ts";
import { type Command, startPretraining } from "./commands.ts";
import { SmallDisk } from "./small_disk.ts";
import { type FaultOutcome, judge, REASON } from "./try_fault.ts";
import type { Workshop } from "./workshop.ts";

/** Something that breaks down under a pretraining. */
export interface Breakdown {
  /** What, and when. */
  readonly name: string;
  /** Lets it happen; why it cannot, where it cannot. */
  try(): Promise<FaultOutcome | string>;
}

/** Messages that a thread of wasm gets in a pretraining, and one that decodes pictures, about. */
const MESSAGES = { wasm: 30, decoder: 5 };
const REASONS = {
  wasm: /threads? of the processor (failed|cannot start)/,
  decoder: /the image decoder (failed|cannot run)/,
};
/** Work that is submitted to a GPU before the last step is taken, about. */
const SUBMITS = 80;
/** Of each kind. */
const COUNT = 5;

/** Breakdowns of all kinds, at moments that are drawn. */
export function breakdownsOf(
  workshop: Workshop,
  pretraining: Command,
  draw: Draw,
): Breakdown[] {
  return Array.from({ length: COUNT }, (_, i): Breakdown[] => {
    const share = (i + draw.below(100) / 100) / COUNT;
    const momentOf = (total: number) => 1 + Math.floor(share * total);
    return [
      ...(["wasm", "decoder"] as const).map((name) => {
        const at = momentOf(MESSAGES[name]);
        return {
          name: `${name} worker dies at message ${at}`,
          try: () => tryWorker(workshop, pretraining, name, at),
        };
      }),
      {
        name: `GPU is lost at submit ${momentOf(SUBMITS)}`,
        try: () => tryGpu(workshop, pretraining, momentOf(SUBMITS)),
      },
      {
        name: `disk has room for ${Math.round(100 * share)} % of the files`,
        try: () => tryFullDisk(workshop, pretraining, share),
      },
    ];
  }).flat();
}

async function tryWorker(
  workshop: Workshop,
  command: Command,
  name: keyof typeof MESSAGES,
  at: number,
): Promise<FaultOutcome> {
  await workshop.undisturbed(command);
  await workshop.restore(command.needs);
  const child = workshop.startWith(command, "worker", { name, at: String(at) });
  return await judge(workshop, command, child, { reason: REASONS[name] });
}

/** The GPU is lost, and the processor goes on: to other numbers. */
async function tryGpu(
  workshop: Workshop,
  command: Command,
  at: number,
): Promise<FaultOutcome | string> {
  const { problem } = await findAdapter();
  if (problem) return problem;
  await workshop.restore(command.needs);
  const onGpu: Command = {
    ...command,
    start: (folder, flags) =>
      startPretraining(folder, flags, ["--device", "webgpu"]),
  };
  const child = workshop.startWith(onGpu, "gpu", { at: String(at) });
  return await judge(workshop, command, child, {
    reason: /the GPU failed/,
    mayDiffer: true,
  });
}

/** A disk is full before all is written, then has room. */
async function tryFullDisk(
  workshop: Workshop,
  command: Command,
  share: number,
): Promise<FaultOutcome | string> {
  const { bytes } = await workshop.undisturbed(command);
  await workshop.restore(command.needs);
  const folder = `${workshop.path}/run`;
  Deno.mkdirSync(folder);
  const disk = SmallDisk.mount(folder, Math.round(share * bytes));
  if (typeof disk === "string") return disk;
  using _disk = disk;
  return await judge(workshop, command, command.start(workshop.path), {
    reason: REASON,
    repair: () => disk.grow(),
  });
}
