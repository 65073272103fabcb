import { assert, assertEquals } from "@std/assert";
import type { Device } from "../../engine/devices/device.ts";
import { gradient } from "../../engine/graph/gradient.ts";
import { multiply } from "../../engine/ops/elementwise.ts";
import { RandomSource } from "../../engine/ops/random.ts";
import { sum } from "../../engine/ops/reduction.ts";
import { Program } from "../../engine/program.ts";
import { input, Storage, type Tensor } from "../../engine/graph/tensor.ts";
import { Context } from "../../layers/context.ts";
import { namedStates } from "../../layers/module.ts";
import { type PackedParameters, packParameters } from "../../layers/packing.ts";
import { Block } from "../../layers/resnet.ts";
import {
  TransformerLayer,
  type TransformerOptions,
} from "../../layers/transformer.ts";
import { assertClose } from "../engine/compare.ts";
import { testOnDevices } from "../engine/devices.ts";
import {
  type FixtureArray,
  type FixtureArrays,
  readFixture,
} from "../fixtures/read.ts";

/**
 * PyTorch computed in float64, the devices in float32, so that only their rounding is between
 * them: about 1e-6 of the largest value after a dozen layers, several times that on some GPUs;
 * a wrong epsilon, a biased variance or the other GELU give 1e-4 and more.
 */
const TOLERANCE = 1e-5;

/** What both fixtures have. */
interface LayerFixture {
  readonly parameters: FixtureArrays;
  readonly output: FixtureArray;
  /** Gradient of the loss with respect to the output. */
  readonly outputGradient: FixtureArray;
  readonly inputGradient: FixtureArray;
  readonly gradients: FixtureArrays;
}

const toArray = ({ data }: FixtureArray) => Float32Array.from(data);

/** Packs a model with the weights of PyTorch; every parameter must have one, of its shape. */
function pack(model: object, weights: FixtureArrays): PackedParameters {
  const packed = packParameters(model, 0);
  assertEquals(
    [...packed.entries.keys()].sort(),
    Object.keys(weights).sort(),
  );
  for (const [name, { shape, offset }] of packed.entries) {
    assertEquals([...shape], [...weights[name].shape], name);
    packed.storage.initial!.set(weights[name].data, offset);
  }
  return packed;
}

/** Compares the output `y` of `x` and all gradients with those of PyTorch. */
async function checkAgainst(
  device: Device,
  fixture: LayerFixture,
  packed: PackedParameters,
  { x, y, value }: { x: Tensor; y: Tensor; value: FixtureArray },
): Promise<void> {
  const weight = input("weight", y.shape);
  const program = await Program.compile(device, {
    outputs: [
      y,
      ...gradient(sum(multiply(y, weight)), [x, ...packed.tensors]),
    ],
  });
  const [output, inputGradient, ...gradients] = await program.evaluate({
    x: toArray(value),
    weight: toArray(fixture.outputGradient),
  });
  program.destroy();
  const { data } = fixture.output;
  assertClose(output, data, "output", TOLERANCE);
  assertClose(
    inputGradient,
    fixture.inputGradient.data,
    "gradient of the input",
    TOLERANCE,
  );
  [...packed.entries.keys()].forEach((name, i) =>
    assertClose(
      gradients[i],
      fixture.gradients[name].data,
      `gradient of ${name}`,
      TOLERANCE,
    )
  );
}

interface BottleneckFixture extends LayerFixture {
  readonly batches: readonly FixtureArray[];
  /** Running statistics after both batches. */
  readonly statistics: FixtureArrays;
}

/** The context of a pass that trains but draws no random numbers. */
const training = () => new Context(new RandomSource(input("key", [2], "u32")));

function forward(group: readonly Block[], x: Tensor, context: Context): Tensor {
  return group.reduce((y, block) => block.forward(y, context), x);
}

testOnDevices(
  "Block: bottlenecks compute, differentiate and keep statistics as in PyTorch",
  async (device) => {
    const fixture = readFixture<BottleneckFixture>("bottlenecks");
    const group = [new Block(6, 16, 2, true), new Block(16, 16, 1, true)];
    const packed = pack(group, fixture.parameters);
    const { shape } = fixture.batches[0];
    const x = input("x", shape);
    await checkAgainst(device, fixture, packed, {
      x,
      y: forward(group, x, training()),
      value: fixture.batches[1],
    });

    const context = training();
    forward(group, x, context);
    const program = await Program.compile(device, {
      assignments: context.assignments,
    });
    for (const batch of fixture.batches) {
      await program.run({ x: toArray(batch) });
    }
    const statistics = namedStates(group);
    assertEquals(
      [...statistics.keys()].sort(),
      Object.keys(fixture.statistics).sort(),
    );
    for (const [name, { storage }] of statistics) {
      const { data } = fixture.statistics[name];
      assertClose(await device.read(storage), data, name, TOLERANCE);
    }
    program.destroy();
  },
);

interface TransformerFixture extends LayerFixture {
  readonly options: TransformerOptions;
  readonly x: FixtureArray;
  readonly visible: FixtureArray;
}

testOnDevices(
  "TransformerLayer: computes and differentiates as in PyTorch, with hidden keys",
  async (device) => {
    const fixture = readFixture<TransformerFixture>("transformer_layer");
    const layer = new TransformerLayer(fixture.options);
    const packed = pack(layer, fixture.parameters);
    const { shape, data } = fixture.visible;
    assert(data.includes(0));
    const mask = new Storage(
      "mask",
      data.length,
      "f32",
      toArray(fixture.visible),
    );
    const x = input("x", fixture.x.shape);
    await checkAgainst(device, fixture, packed, {
      x,
      y: layer.forward(x, training(), mask.tensor(shape)),
      value: fixture.x,
    });
  },
);
