/** The command `embed`. */
import { counted } from "../../datasets/counted.ts";
import { stampsOf } from "../../datasets/file_stamps.ts";
import { printable } from "../../datasets/files/printable.ts";
import { listImages } from "../../datasets/list_images.ts";
import type { Device } from "../../engine/devices/device.ts";
import { openDevice } from "../../engine/open_device.ts";
import { UserError } from "../../engine/user_error.ts";
import { nearestImages } from "../evaluate/nearest_images.ts";
import { DEFAULT_FEATURES } from "../export/feature_kinds.ts";
import { embedFiles } from "../export/embed.ts";
import { EmbeddingFiles } from "../export/embedding_files.ts";
import { PretrainedEncoder } from "../export/pretrained_encoder.ts";
import { digestOfTensors } from "../run/tensor_digest.ts";
import { announceReplaced } from "./announce_replaced.ts";
import {
  type Command,
  helpText,
  type OptionValues,
  parseArguments,
} from "./arguments.ts";
import { deviceOptions, readDevice } from "./device_option.ts";
import {
  encoderOperand,
  folderBeside,
  readEncoder,
} from "./encoder_operand.ts";
import { printProduct } from "./output.ts";
import { Progress } from "./progress.ts";
import { onInterrupt, runProgram } from "./run_program.ts";

const command = {
  usage: "deno task embed",
  help:
    `Computes features of every picture in a folder: a NumPy file with a row for
each, and beside it, ending in .csv, the names of the files. Stopped, it
continues when it is run again, after the last picture that is as it was.`,
  operand: encoderOperand,
  options: {
    images: {
      kind: "path",
      value: "FOLDER",
      help: "a folder of pictures, at any depth",
    },
    out: {
      kind: "path",
      value: "FILE.npy",
      help: "by default embeddings.npy beside the run's files",
    },
    neighbours: {
      kind: "integer",
      value: "K",
      help: "print the K nearest of each, anew each time; write nothing",
    },
    features: {
      kind: "text",
      value: "KIND",
      default: DEFAULT_FEATURES,
      help: "a layer of probe's table, all or image",
    },
    "batch-size": {
      kind: "integer",
      value: "N",
      default: 32,
      help: "images per batch",
    },
    ...deviceOptions,
  },
  examples: [
    "deno task embed runs/2026-12-31_12-00-00-double-view-tiny --images photos",
    "deno task embed encoder.safetensors --images photos --neighbours 5",
  ],
} as const satisfies Command;

type Options = OptionValues<typeof command>;

async function main(): Promise<void> {
  const options = parseArguments(command, Deno.args);
  if (options === "help") return await printProduct([helpText(command)]);
  const folder = checkOptions(options);
  const names = await listImages(folder);
  const signal = onInterrupt();
  const { device, reason } = await openDevice(...readDevice(options));
  try {
    const { operand, "batch-size": batchSize } = options;
    const contents = await readEncoder(operand);
    using encoder = await PretrainedEncoder.open(contents, operand, {
      device,
      batchSize,
    });
    checkKind(encoder, options.features);
    console.error(`device: ${reason}`);
    const pictures = { encoder, folder, names, signal };
    if (options.neighbours === undefined) {
      const weights = await digestOfTensors(contents.tensors);
      await writeVectors(pictures, weights, options);
    } else await printNeighbours(pictures, device, options);
  } catch (error) {
    if (error !== signal.reason) throw error;
    console.error(
      options.neighbours === undefined
        ? "stopped; run the same command to continue"
        : "stopped",
    );
  } finally {
    device.destroy();
  }
}

/** Refuses wrong options before anything slow; returns the folder of the images. */
function checkOptions(
  { images, out, neighbours, "batch-size": batchSize }: Options,
): string {
  if (images === undefined) {
    throw new UserError("--images is missing; name the folder of the pictures");
  }
  if (batchSize < 1) {
    throw new UserError(`--batch-size must be at least 1, not ${batchSize}`);
  }
  if (neighbours !== undefined && neighbours < 1) {
    throw new UserError(`--neighbours must be at least 1, not ${neighbours}`);
  }
  if (neighbours !== undefined && out !== undefined) {
    throw new UserError(
      "--neighbours writes no file; leave out --out",
    );
  }
  if (out !== undefined && !out.endsWith(".npy")) {
    throw new UserError(`--out must end in .npy, unlike ${out}`);
  }
  return images;
}

function checkKind({ kinds }: PretrainedEncoder, kind: string): void {
  if (kinds.includes(kind)) return;
  throw new UserError(
    `--features must be one of ${
      kinds.map((kind) => JSON.stringify(kind)).join(", ")
    }, not ${JSON.stringify(kind)}`,
  );
}

/** The pictures of a folder, and the encoder that computes their features. */
interface Pictures {
  readonly encoder: PretrainedEncoder;
  readonly folder: string;
  readonly names: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Goes through the pictures with a progress bar, and names those that cannot be read.
 *
 * @param start Number of pictures that are done already.
 * @returns the features of each picture; `undefined` for one that cannot be read.
 */
async function* featuresOf(
  { encoder, folder, names, signal }: Pictures,
  kind: string,
  start = 0,
): AsyncGenerator<Float32Array | undefined> {
  console.error(
    `computing features of ${counted(names.length - start, "image")} ...`,
  );
  const progress = new Progress({
    total: names.length,
    start,
    unit: "images",
  });
  const paths = names.slice(start).map((name) => `${folder}/${name}`);
  let done = start;
  try {
    for await (const embedding of embedFiles(encoder, paths, kind)) {
      signal.throwIfAborted();
      if ("features" in embedding) yield embedding.features;
      else {
        progress.print(
          `skipping ${printable(embedding.path)}: ${embedding.error}`,
        );
        yield undefined;
      }
      progress.update(++done, {});
    }
  } finally {
    progress.finish();
  }
}

/** Says how many pictures could not be read. */
function reportSkipped({ folder, names }: Pictures, read: number): void {
  if (read === 0) {
    throw new UserError(
      `no image in ${folder} can be read`,
    );
  }
  if (read < names.length) {
    console.error(
      `skipped ${names.length - read} of ${counted(names.length, "image")}`,
    );
  }
}

/** @param weights A digest of the encoder's weights. */
async function writeVectors(
  pictures: Pictures,
  weights: string,
  { operand, out, features: kind }: Options,
): Promise<void> {
  const { encoder: { description }, names } = pictures;
  const task = {
    encoder: { ...description, kind, weights },
    width: description.features[kind],
    folder: await Deno.realPath(pictures.folder),
    files: await stampsOf(pictures.folder, names),
  };
  const path = out ?? `${await folderBeside(operand)}/embeddings.npy`;
  using files = await EmbeddingFiles.open(path, task);
  await announceReplaced(
    [path, files.namesPath],
    `the features ${JSON.stringify(kind)} of ${
      counted(names.length, "image")
    } in ${pictures.folder}`,
  );
  if (files.done > 0) {
    console.error(`continuing after ${files.done} of ${names.length} images`);
  }
  for await (const features of featuresOf(pictures, kind, files.done)) {
    await files.append(features);
  }
  if (files.rowCount === 0) await files.discard();
  reportSkipped(pictures, files.rowCount);
  await files.finish();
  console.log(
    `${counted(files.rowCount, "vector")} of ${task.width} features: ${path}`,
  );
  console.log(`names of the files: ${files.namesPath}`);
}

async function printNeighbours(
  pictures: Pictures,
  device: Device,
  { features: kind, neighbours: count = 1 }: Options,
): Promise<void> {
  const names: string[] = [];
  const vectors: Float32Array[] = [];
  let i = 0;
  for await (const features of featuresOf(pictures, kind)) {
    const name = pictures.names[i++];
    if (!features) continue;
    names.push(printable(name));
    vectors.push(features);
  }
  reportSkipped(pictures, names.length);
  await printProduct(neighbourLists(device, names, vectors, count));
}

/** Of each picture its name and, in lines below, those of the nearest. */
async function* neighbourLists(
  device: Device,
  names: readonly string[],
  vectors: readonly Float32Array[],
  count: number,
): AsyncGenerator<string> {
  let row = 0;
  for await (const neighbours of nearestImages(device, vectors, count)) {
    const lines = neighbours.map(({ index, similarity }) =>
      `  ${similarity.toFixed(3)}  ${names[index]}`
    );
    yield [names[row++], ...lines].join("\n");
  }
}

await runProgram(main);
