/** The command `embed`. */
import { listImages } from "../../datasets/folder.ts";
import { writeTextAtomically } from "../../datasets/files/atomic_file.ts";
import { naturalOrder } from "../../datasets/files/folders.ts";
import type { Device } from "../../engine/devices/device.ts";
import { openDevice } from "../../engine/open_device.ts";
import { UserError } from "../../engine/user_error.ts";
import { nearestImages } from "../evaluate/nearest_images.ts";
import { csvRow } from "../export/csv.ts";
import { embedFiles } from "../export/embed.ts";
import { NpyFile } from "../export/npy.ts";
import { PretrainedEncoder } from "../export/pretrained_encoder.ts";
import {
  type Command,
  helpText,
  type OptionValues,
  parseArguments,
} from "./arguments.ts";
import {
  encoderOperand,
  folderBeside,
  readEncoder,
} from "./encoder_operand.ts";
import { readDevice } from "./options.ts";
import { Progress } from "./progress.ts";
import { onInterrupt, runProgram } from "./run_program.ts";

const command = {
  usage: "deno task embed",
  help:
    `Computes a vector of features of every picture in a folder: a NumPy file with a row for each,
and beside it, with the ending .csv, the name of each row's file.`,
  operand: encoderOperand,
  options: {
    images: {
      kind: "text",
      value: "FOLDER",
      help: "the folder with the JPEG, PNG and WebP files, at any depth",
    },
    out: {
      kind: "text",
      value: "FILE.npy",
      help: "where to write; embeddings.npy beside the run's files by default",
    },
    neighbours: {
      kind: "integer",
      value: "K",
      help: "print the K nearest pictures of each instead of writing vectors",
    },
    features: {
      kind: "text",
      value: "KIND",
      default: "patches",
      help: "patches, as evaluation compares them, or image, the whole image's",
    },
    "batch-size": {
      kind: "integer",
      value: "COUNT",
      default: 32,
      help: "images computed at a time",
    },
    device: {
      kind: "text",
      value: "NAME",
      default: "auto",
      help: "webgpu, wasm or auto: a GPU if any, else wasm",
    },
  },
  examples: [
    "deno task embed runs/2026-12-31_12-00-00-dv2-tiny --images photos",
    "deno task embed encoder.safetensors --images photos --neighbours 5",
  ],
} as const satisfies Command;

type Options = OptionValues<typeof command>;

async function main(): Promise<void> {
  const options = parseArguments(command, Deno.args);
  if (options === "help") return console.log(helpText(command));
  const folder = checkOptions(options);
  const names = (await listImages(folder)).sort(naturalOrder);
  if (names.length === 0) {
    throw new UserError(
      `there are no JPEG, PNG or WebP images in ${folder}; check the path`,
    );
  }
  const signal = onInterrupt();
  const { device, reason } = await openDevice(readDevice(options.device));
  try {
    const { operand, "batch-size": batchSize } = options;
    const contents = await readEncoder(operand);
    using encoder = await PretrainedEncoder.open(contents, operand, {
      device,
      batchSize,
    });
    checkKind(encoder, options.features);
    console.error(`device: ${reason}`);
    const pictures = readPictures(encoder, folder, names, options, signal);
    if (options.neighbours === undefined) {
      await writeVectors(pictures, encoder, options);
    } else await printNeighbours(pictures, device, options.neighbours);
  } catch (error) {
    if (error !== signal.reason) throw error;
    console.error("stopped; nothing was written");
  } finally {
    device.destroy();
  }
}

/** Refuses what can be seen to be wrong at once; returns the folder of the images. */
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
      "--neighbours prints and writes no file; leave out --out",
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
    `--features must be ${kinds.join(" or ")}, not ${JSON.stringify(kind)}`,
  );
}

/** A picture that could be read. */
interface EmbeddedPicture {
  readonly name: string;
  readonly features: Float32Array;
}

/** Goes through the pictures with a progress bar; names those that cannot be read, and their number. */
async function* readPictures(
  encoder: PretrainedEncoder,
  folder: string,
  names: readonly string[],
  { features: kind }: Options,
  signal: AbortSignal,
): AsyncGenerator<EmbeddedPicture> {
  const progress = new Progress({ total: names.length });
  const paths = names.map((name) => `${folder}/${name}`);
  let done = 0;
  let skipped = 0;
  try {
    for await (const embedding of embedFiles(encoder, paths, kind)) {
      signal.throwIfAborted();
      if ("error" in embedding) {
        skipped++;
        progress.print(`skipping ${embedding.path}: ${embedding.error}`);
      } else yield { name: names[done], features: embedding.features };
      progress.update(++done, {});
    }
  } finally {
    progress.finish();
  }
  if (skipped === names.length) {
    throw new UserError(
      `none of the ${skipped} images in ${folder} can be read`,
    );
  }
  if (skipped > 0) {
    console.error(`skipped ${skipped} of ${names.length} images`);
  }
}

async function writeVectors(
  pictures: AsyncIterable<EmbeddedPicture>,
  { description }: PretrainedEncoder,
  { operand, out, features: kind }: Options,
): Promise<void> {
  const path = out ?? `${await folderBeside(operand)}/embeddings.npy`;
  const width = description.features[kind];
  using file = await NpyFile.create(path, width);
  const rows = [csvRow(["file"])];
  for await (const { name, features } of pictures) {
    await file.append(features);
    rows.push(csvRow([name]));
  }
  const namesPath = path.replace(/\.npy$/, ".csv");
  await writeTextAtomically(namesPath, rows.join(""));
  await file.finish();
  console.log(`${rows.length - 1} vectors of ${width} features: ${path}`);
  console.log(`names of the files: ${namesPath}`);
}

async function printNeighbours(
  pictures: AsyncIterable<EmbeddedPicture>,
  device: Device,
  count: number,
): Promise<void> {
  const all = await Array.fromAsync(pictures);
  const features = all.map(({ features }) => features);
  let i = 0;
  for await (const neighbours of nearestImages(device, features, count)) {
    const lines = neighbours.map(({ index, similarity }) =>
      `  ${similarity.toFixed(3)}  ${all[index].name}`
    );
    console.log([all[i++].name, ...lines].join("\n"));
  }
}

await runProgram(main);
// what an interrupt left under way need not be waited for
Deno.exit();
