import { assert, assertEquals } from "@std/assert";
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
import { assertGradientSomewhere, type Place } from "../../layers/check.ts";
import { drawSmoothPlace } from "../../layers/kinks.ts";
import { NaiveRandom } from "../../layers/naive_random.ts";
import { randomArray, randomWord } from "../../random.ts";
import { SIZE } from "./tiny_models.ts";
import { naiveLoss } from "./naive_losses.ts";
import type { NaiveOutputs, NaivePass } from "./naive_pass.ts";

/**
 * How far ReLUs are kept from their kinks, and vocabulary matches from ties, so that rounding in float32
 * does not carry them across.
 */
const MARGIN = 1e-5;

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
  const { model, parameters } = buildModel(config, SIZE);
  const { entries, storage } = parameters;
  const n = config.batchSize;
  const images = input("images", [n, SIZE, SIZE, 3]);
  const context = new Context(new RandomSource(input("key", [2], "u32")));
  const outputs = model.forward(images, config.views, context);
  const { loss } = totalLoss(outputs, config.losses, config.model.name);
  const tensors = outputTensors(outputs);
  const states = namedStates(model);
  const [seed, step] = [randomWord(), 7];

  const definition = ([pixels, packed]: Place) =>
    naive({
      images: { n, height: SIZE, width: SIZE, channels: 3, data: pixels },
      weights: (name) => {
        const entry = entries.get(name);
        assert(entry, `there is no parameter ${name}`);
        const { shape, offset } = entry;
        return packed.subarray(offset, offset + sizeOf(shape));
      },
      random: new NaiveRandom(seed, step),
      statistics: (name) =>
        Float64Array.from(states.get(name)!.storage.initial!),
    });
  const place = drawSmoothPlace(
    (): Place => [
      Float64Array.from(randomArray(images.size)),
      Float64Array.from(randomArray(storage.size)),
    ],
    definition,
    MARGIN,
  );

  storage.initial!.set(place[1]);
  await poison(device);
  const program = await Program.compile(device, {
    outputs: [
      ...tensors.values(),
      loss,
      ...gradient(loss, [images, ...parameters.tensors]),
    ],
  });
  const results = await program.evaluate({
    images: Float32Array.from(place[0]),
    key: Uint32Array.of(seed, step),
  });
  program.destroy();
  for (const used of [...states.values(), parameters]) {
    device.release(used.storage);
  }

  const held = definition(place);
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

  const parameterGradient = new Float64Array(storage.size);
  const parts = new Map<string, [start: number, end: number]>();
  [...entries].forEach(([name, { offset, shape }], i) => {
    parameterGradient.set(gradients[i], offset);
    // all parameters of a part lie next to each other
    const [part] = name.split(".");
    const [start] = parts.get(part) ?? [offset];
    parts.set(part, [start, offset + sizeOf(shape)]);
  });
  const checkGradient = (what: string, draw: () => Float64Array[]) =>
    assertGradientSomewhere(draw, {
      f: (place) => naiveLoss(definition(place), held, config),
      place,
      gradients: [imageGradient, parameterGradient],
      what,
      tolerance: 5e-4,
    });
  checkGradient("a direction of the images", () => [
    Float64Array.from(randomArray(images.size)),
    new Float64Array(storage.size),
  ]);
  for (const [part, [start, end]] of parts) {
    checkGradient(`a direction of ${part}`, () => {
      const direction = new Float64Array(storage.size);
      direction.set(randomArray(end - start), start);
      return [new Float64Array(images.size), direction];
    });
  }
}
