import { fileURLToPath } from "node:url";
import { initialValues } from "../models.ts";
import {
  type Contender,
  MissingPeer,
  type Peer,
  type TrainingWork,
  type Work,
} from "../work.ts";
import { ArrayChannel, type Arrays } from "./array_channel.ts";

/** On the processor, or on a GPU with or without TensorFloat-32 in products. */
export type PyTorchMode = "CPU" | "CUDA TF32" | "CUDA f32";

/** The system's Python first: Debian's PyTorch is not seen by any other. */
const interpreters = ["/usr/bin/python3", "python3"];
const script = fileURLToPath(new URL("pytorch/main.py", import.meta.url));
const threads = String(navigator.hardwareConcurrency);

/** PyTorch in a process of its own, which is started when first asked for something. */
export function pytorchPeer(mode: PyTorchMode): Peer {
  let started: Promise<ArrayChannel> | undefined;
  return {
    name: `PyTorch ${mode}`,
    tolerance: mode === "CUDA TF32" ? 1e-2 : undefined,
    async prepare(work: Work): Promise<Contender> {
      started ??= start(mode);
      const channel = await started;
      const { header, arrays } = describeWork(work);
      await channel.ask({ command: "prepare", ...header }, arrays);
      return {
        async run(times) {
          await channel.ask({ command: "run", times });
        },
        async result() {
          return await channel.ask({ command: "result" });
        },
        async close() {
          await channel.ask({ command: "close" });
        },
      };
    },
    async close() {
      await (await started?.catch(() => undefined))?.close();
    },
  };
}

/** Starts the first Python that can do it. */
async function start(mode: PyTorchMode): Promise<ArrayChannel> {
  const reasons: string[] = [];
  for (const interpreter of interpreters) {
    try {
      const channel = new ArrayChannel(interpreter, ["-B", script, mode], {
        OMP_NUM_THREADS: threads,
        OPENBLAS_NUM_THREADS: threads,
      });
      try {
        await channel.ask({ command: "hello" });
        return channel;
      } catch (error) {
        await channel.close();
        throw error;
      }
    } catch (error) {
      reasons.push(
        error instanceof Deno.errors.NotFound
          ? `there is no ${interpreter}`
          : (error as Error).message,
      );
    }
  }
  throw new MissingPeer(reasons.join("; "));
}

/** Takes a piece of work apart into what is written as JSON, and arrays. */
function describeWork(
  work: Work,
): { readonly header: object; readonly arrays: Arrays } {
  if (work.kind === "training") return describeTraining(work);
  const entries = Object.entries(work);
  const isArray = ([, value]: [string, unknown]) => ArrayBuffer.isView(value);
  return {
    header: Object.fromEntries(entries.filter((entry) => !isArray(entry))),
    arrays: Object.fromEntries(
      entries.filter(isArray).map(([name, values]) => [name, { values }]),
    ),
  };
}

function describeTraining(
  { kind, model, config, optimizer, feeds, parameters, vocabularies }:
    TrainingWork,
) {
  const arrays: Record<string, Arrays[string]> = {};
  for (const [name, values] of Object.entries(feeds)) {
    arrays[`feed ${name}`] = { values: Float32Array.from(values) };
  }
  for (const [name, tensor] of [...parameters, ...vocabularies]) {
    arrays[name] = { values: initialValues(tensor), shape: tensor.shape };
  }
  return { header: { kind, model, config, optimizer }, arrays };
}
