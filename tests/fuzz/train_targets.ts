import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import { namedStates } from "../../layers/module.ts";
import { buildModel } from "../../train/build_model.ts";
import { completeConfig, configSchema } from "../../train/config/config.ts";
import { loadConfig } from "../../train/config/loader.ts";
import { presets } from "../../train/config/presets/mod.ts";
import { importTimm } from "../../train/export/timm.ts";
import {
  loadLatestCheckpoint,
  saveCheckpoint,
} from "../../train/run/checkpoint.ts";
import { openRun } from "../../train/run/load_run.ts";
import { readMetrics } from "../../train/run/metrics_file.ts";
import { openSafetensors, readTensors } from "../../train/run/safetensors.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
} from "../../train/run/safetensors_bytes.ts";
import { TemporaryFolder } from "../datasets/temporary_folder.ts";
import { timmCases } from "../train/export/timm_fixture.ts";
import type { Draw } from "./draw.ts";
import { mutateBytes } from "./mutate_bytes.ts";
import { mutateJson } from "./mutate_json.ts";
import {
  decodeJson,
  encodeJson,
  mutateJsonFile,
  type Target,
} from "./target.ts";

const LENGTH_BYTES = 8;

/** Half of the files with another header, whose length is right; half with changed bytes. */
function mutateSafetensors(file: Uint8Array, draw: Draw): Uint8Array {
  if (draw.below(2) === 0) return mutateBytes(file, draw);
  const length = Number(new DataView(file.buffer).getBigUint64(0, true));
  const end = LENGTH_BYTES + length;
  const header = decodeJson(file.subarray(LENGTH_BYTES, end));
  const changed = encodeJson(mutateJson(header, draw));
  const result = new Uint8Array(
    LENGTH_BYTES + changed.length + file.length - end,
  );
  new DataView(result.buffer).setBigUint64(0, BigInt(changed.length), true);
  result.set(changed, LENGTH_BYTES);
  result.set(file.subarray(end), LENGTH_BYTES + changed.length);
  return result;
}

const tensors = encodeSafetensors({
  metadata: { made: "by a test" },
  tensors: {
    "layer.weight": { shape: [2, 3], data: new Float32Array(6) },
    "layer.steps": { shape: [], data: Int32Array.of(7) },
    "layer.bytes": { shape: [3], data: new Uint8Array(3) },
  },
});

const safetensors: Target = {
  name: "safetensors",
  files: [tensors],
  mutate: mutateSafetensors,
  async read(file, folder) {
    const path = `${folder}/it.safetensors`;
    Deno.writeFileSync(path, file);
    const read = await readTensors(await openSafetensors(path));
    assertEquals(decodeSafetensors(file, "it").tensors, read);
    const bytes = Object.values(read).reduce(
      (sum, { data }) => sum + data.byteLength,
      0,
    );
    assert(bytes < file.length);
  },
};

const config: Target = {
  name: "config",
  files: Object.values(presets).map(({ config }) => encodeJson(config)),
  mutate: mutateJsonFile,
  async read(file, folder) {
    const path = `${folder}/it.json`;
    Deno.writeFileSync(path, file);
    const config = await loadConfig(configSchema, presets, {
      preset: "dv2-tiny",
      config: path,
    });
    assertEquals(configSchema.parse(config), config);
  },
};

const run: Target = {
  name: "run",
  files: Object.values(presets).map(({ config }) =>
    encodeJson(completeConfig(config))
  ),
  mutate: mutateJsonFile,
  async read(file, folder) {
    Deno.writeFileSync(`${folder}/config.json`, file);
    const { config } = await openRun(folder);
    assertEquals(configSchema.parse(config), config);
  },
};

const metrics: Target = {
  name: "metrics",
  files: [
    new TextEncoder().encode(
      '{"step":1,"loss":0.5,"maskedPatch.rank":"NaN"}\n{"step":2,"loss":"Infinity"}\n',
    ),
  ],
  mutate: (file, draw) => {
    if (draw.below(2) === 0) return mutateBytes(file, draw);
    const lines = new TextDecoder().decode(file).trimEnd().split("\n");
    const position = draw.below(lines.length);
    const changed = JSON.stringify(
      mutateJson(JSON.parse(lines[position]), draw),
    );
    return new TextEncoder().encode(
      lines.with(position, changed ?? "").join("\n") + "\n",
    );
  },
  async read(file, folder) {
    const path = `${folder}/metrics.jsonl`;
    Deno.writeFileSync(path, file);
    const records = await readMetrics(path);
    assert(records.every(({ step }) => Number.isSafeInteger(step)));
  },
};

/** The JSON of a checkpoint, beside whole tensors. */
function checkpoint(
  name: string,
  { json, tensors }: {
    readonly json: Uint8Array;
    readonly tensors: Uint8Array;
  },
): Target {
  return {
    name,
    files: [json],
    mutate: mutateJsonFile,
    async read(file, folder) {
      Deno.writeFileSync(`${folder}/step-000003.json`, file);
      Deno.writeFileSync(`${folder}/step-000003.safetensors`, tensors);
      assertEquals((await loadLatestCheckpoint(folder))?.step, 3);
    },
  };
}

const metadata = { config: { steps: 3 } };

/** A checkpoint as earlier versions saved it, without anything to check it by. */
const unstamped = { json: encodeJson({ step: 3, metadata }), tensors };

/** A checkpoint as it is saved today. */
async function stamped(): Promise<typeof unstamped> {
  using folder = new TemporaryFolder();
  const saved = {
    step: 3,
    metadata,
    tensors: decodeSafetensors(tensors, "it").tensors,
  };
  await saveCheckpoint(folder.path, saved, 1);
  const read = (ending: string) =>
    Deno.readFileSync(`${folder.path}/step-000003.${ending}`);
  return { json: read("json"), tensors: read("safetensors") };
}

const checkpoints = [
  checkpoint("checkpoint", await stamped()),
  checkpoint("old-checkpoint", unstamped),
];

/** Weights by the names of timm; where they are refused the model must be as it was: all zeros. */
function timm(): Target {
  const [{ config, imageSize, tensors }] = timmCases;
  const { seed: _, ...unseeded } = config;
  const built = buildModel(unseeded, imageSize);
  // as bytes, which compare in a hundredth of the time that an import takes
  const initials = [
    built.parameters.storage.initial!,
    ...[...namedStates(built.model).values()].map(({ initial }) => initial),
  ].map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength)
  );
  const zeros = Buffer.alloc(initials[0].length);
  return {
    name: "timm",
    files: [encodeSafetensors({ metadata: {}, tensors })],
    mutate: mutateSafetensors,
    read(file) {
      for (const initial of initials) initial.fill(0);
      try {
        importTimm(built, file, "it");
      } catch (error) {
        assert(
          initials.every((initial) =>
            initial.equals(zeros.subarray(0, initial.length))
          ),
          "a file that is refused has changed the model",
        );
        throw error;
      }
      return Promise.resolve();
    },
  };
}

/** What reads configs, runs and weights. */
export function trainTargets(): Target[] {
  return [safetensors, config, run, metrics, ...checkpoints, timm()];
}
