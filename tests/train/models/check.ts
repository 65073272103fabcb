import { assert, assertEquals, AssertionError } from "@std/assert";
import type { Device } from "../../../engine/devices/device.ts";
import { gradient } from "../../../engine/graph/gradient.ts";
import { RandomSource } from "../../../engine/ops/random.ts";
import { Program } from "../../../engine/program.ts";
import { input, sizeOf, Tensor } from "../../../engine/graph/tensor.ts";
import { Context } from "../../../layers/context.ts";
import { namedStates } from "../../../layers/module.ts";
import type { PretextOutputs } from "../../../losses/outputs.ts";
import { buildModel } from "../../../train/build_model.ts";
import type { Config } from "../../../train/config/config.ts";
import { totalLoss } from "../../../train/total_loss.ts";
import { assertClose, poison } from "../../engine/compare.ts";
import { randomArray } from "../../random.ts";
import { NaiveRandom } from "../../layers/naive_random.ts";

import { SIZE } from "./tiny_models.ts";
import { naiveLoss } from "./naive_losses.ts";
import type { NaiveOutputs, NaivePass } from "./naive_pass.ts";

/** Steps along a direction for central differences: small, so that few of them cross the kink of a ReLU. */
const STEP = 1e-6;

/**
 * Where the input of a ReLU is within rounding of 0, float32 may let a gradient pass that float64
 * stops, so that one draw of the values in ten fails; a mistake fails all.
 */
const DRAWS = 6;

/** The tensors of all parts that a model gives, by `part.name`. */
export function outputTensors(outputs: PretextOutputs): Map<string, Tensor> {
  return new Map(
    Object.entries(outputs).flatMap(([part, values]) =>
      Object.entries(values ?? {}).flatMap(([name, value]) =>
        value instanceof Tensor ? [[`${part}.${name}`, value] as const] : []
      )
    ),
  );
}

/**
 * Checks a model with random parameters: everything that it gives to the losses, their weighted sum,
 * and the gradient of that along a direction of the images and of each of its parts.
 */
export async function checkModel(
  device: Device,
  config: Config,
  naive: (pass: NaivePass) => NaiveOutputs,
): Promise<void> {
  for (let draw = 1; draw < DRAWS; draw++) {
    try {
      return await checkDraw(device, config, naive);
    } catch (error) {
      if (!(error instanceof AssertionError)) throw error;
    }
  }
  await checkDraw(device, config, naive);
}

async function checkDraw(
  device: Device,
  config: Config,
  naive: (pass: NaivePass) => NaiveOutputs,
): Promise<void> {
  const { model, parameters } = buildModel(config, SIZE);
  const { entries, storage } = parameters;
  const values = storage.initial as Float32Array<ArrayBuffer>;
  values.set(randomArray(values.length));
  const n = config.batchSize;
  const images = input("images", [n, SIZE, SIZE, 3]);
  const context = new Context(new RandomSource(input("key", [2], "u32")));
  const outputs = model.forward(images, config.views, context);
  const { loss } = totalLoss(outputs, config.losses, config.model.name);
  const tensors = outputTensors(outputs);
  const [seed, step] = [Date.now() >>> 0, 7];
  const feeds = {
    images: randomArray(images.size),
    key: Uint32Array.of(seed, step),
  };
  await poison(device);
  const program = await Program.compile(device, {
    outputs: [
      ...tensors.values(),
      loss,
      ...gradient(loss, [images, ...parameters.tensors]),
    ],
  });
  const results = await program.evaluate(feeds);
  program.destroy();
  const statistics = namedStates(model);
  for (const used of [...statistics.values(), parameters]) {
    device.release(used.storage);
  }

  const pass = (pixels: Float64Array, packed: Float64Array) =>
    naive({
      images: {
        n,
        height: SIZE,
        width: SIZE,
        channels: 3,
        data: pixels,
      },
      weights: (name) => {
        const entry = entries.get(name);
        assert(entry, `there is no parameter ${name}`);
        const { shape, offset } = entry;
        return packed.subarray(offset, offset + sizeOf(shape));
      },
      random: new NaiveRandom(seed, step),
      statistics: (name) =>
        Float64Array.from(statistics.get(name)!.storage.initial!),
    });
  const place = [Float64Array.from(feeds.images), Float64Array.from(values)];
  const held = pass(place[0], place[1]);
  const expected = new Map(
    Object.entries(held).flatMap(([part, values]) =>
      Object.entries(values).map(([name, value]) => [`${part}.${name}`, value])
    ),
  );
  assertEquals([...tensors.keys()].sort(), [...expected.keys()].sort());
  // a dozen normalisations in a row
  const tolerance = 1e-3;
  [...tensors.keys()].forEach((name, i) =>
    assertClose(results[i], expected.get(name)!, name, tolerance)
  );
  const [total, imageGradient, ...gradients] = results.slice(tensors.size);
  assertClose(total, [naiveLoss(held, held, config)], "loss", tolerance);

  const flat = new Float64Array(values.length);
  const parts = new Map<string, [start: number, end: number]>();
  [...entries].forEach(([name, { offset, shape }], i) => {
    flat.set(gradients[i], offset);
    // all parameters of a part lie next to each other
    const [part] = name.split(".");
    const [start] = parts.get(part) ?? [offset];
    parts.set(part, [start, offset + sizeOf(shape)]);
  });
  const checkSlope = (what: string, directions: Float64Array[]) => {
    const lossAt = (sign: number) => {
      const [pixels, packed] = place.map((values, i) =>
        values.map((value, j) => value + sign * STEP * directions[i][j])
      );
      return naiveLoss(pass(pixels, packed), held, config);
    };
    const slope = (lossAt(1) - lossAt(-1)) / (2 * STEP);
    const terms = [imageGradient, flat].flatMap((values, i) =>
      Array.from(values, (value, j) => value * directions[i][j])
    );
    const total = terms.reduce((total, term) => total + term, 0);
    const scale = Math.hypot(...terms);
    assert(
      Math.abs(total - slope) <= 2e-3 * scale,
      `gradient along a direction of ${what}: ${total}, not ${slope} (scale ${scale})`,
    );
  };
  const still = place.map(({ length }) => new Float64Array(length));
  const randomImages = Float64Array.from(randomArray(images.size));
  checkSlope("the images", [randomImages, still[1]]);
  for (const [part, [start, end]] of parts) {
    const direction = new Float64Array(values.length);
    direction.set(randomArray(end - start), start);
    checkSlope(part, [still[0], direction]);
  }
}
