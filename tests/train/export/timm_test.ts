import { assert, assertEquals, assertThrows } from "@std/assert";
import { input, sizeOf } from "../../../engine/graph/tensor.ts";
import { permute } from "../../../engine/ops/movement.ts";
import { Program } from "../../../engine/program.ts";
import { UserError } from "../../../engine/user_error.ts";
import { Context } from "../../../layers/context.ts";
import { namedStates } from "../../../layers/module.ts";
import { buildModel } from "../../../train/build_model.ts";
import { allFeatures } from "../../../train/export/feature_kinds.ts";
import {
  importTimm,
  timmMetadata,
  toTimm,
} from "../../../train/export/timm.ts";
import { encodeSafetensors } from "../../../train/run/safetensors_bytes.ts";
import { testOnWasm } from "../../engine/devices.ts";
import { tinyConfig } from "../tiny_model.ts";
import {
  encoderOf,
  importCase,
  initialTensors,
  pytorchLines,
  timmCases,
} from "./timm_fixture.ts";

for (const timmCase of timmCases) {
  const { name, imageSize, options, images, features, tensors } = timmCase;

  testOnWasm(
    `importTimm: ${name} compute what PyTorch computes`,
    async (device) => {
      const { model } = importCase(timmCase);
      const x = input("images", [2, 3, imageSize, imageSize]);
      const program = await Program.compile(device, {
        outputs: [
          allFeatures(model, permute(x, [0, 2, 3, 1]), new Context()).image,
        ],
      });
      const [values] = await program.evaluate({ images });
      program.destroy();
      const expected = features.flat();
      assertEquals(values.length, expected.length);
      const error = Math.max(
        ...expected.map((value, i) => Math.abs(value - values[i])),
      );
      assert(error < 1e-4, `${error}`);
    },
  );

  Deno.test(`toTimm: ${name} have the names and values that were imported`, () => {
    const contents = encoderOf(timmCase);
    const exported = toTimm(contents);
    assertEquals(Object.keys(exported).sort(), Object.keys(tensors).sort());
    for (const [name, tensor] of Object.entries(tensors)) {
      assertEquals(exported[name], tensor, name);
    }
  });

  Deno.test(`timmMetadata: ${name} are described as PyTorch was told to build them`, () => {
    const contents = encoderOf(timmCase);
    const metadata = timmMetadata(contents, toTimm(contents));
    assertEquals(JSON.parse(metadata.timm_ResNetV2), options);
  });
}

Deno.test("timmMetadata: docs/encoder.md has the lines that build from it what PyTorch has computed with", async () => {
  const document = new URL("../../../docs/encoder.md", import.meta.url);
  const text = await Deno.readTextFile(document);
  assert(
    text.includes(`\`\`\`python\n${pytorchLines}\`\`\``),
    "its lines have changed; run tests/fixtures/make_timm_fixtures.py, which computes with them",
  );
});

Deno.test("importTimm: what starts as a copy of a parameter follows it", () => {
  const [, basic] = timmCases;
  const targets = { patches: "momentum" };
  const model = { ...tinyConfig().model, targets };
  const built = importCase({ ...basic, config: tinyConfig({ model }) });
  const { initial } = built.parameters.storage;
  const name = "encoder.stem.weight";
  const { shape, offset } = built.parameters.entries.get(name)!;
  const imported = initial!.subarray(offset, offset + sizeOf(shape));
  const average = namedStates(built.model).get(`momentum.averages.${name}`)!;
  assertEquals([...average.initial], [...imported]);
});

Deno.test("importTimm: refuses an encoder that is no residual network", () => {
  const [{ config, imageSize, tensors }] = timmCases;
  const { model, parameters } = buildModel(config, imageSize);
  const other = Object.create(model, { encoder: { value: {} } });
  const bytes = encodeSafetensors({ metadata: {}, tensors });
  assertThrows(
    () => importTimm({ model: other, parameters }, bytes, "cat.bin"),
    UserError,
    "cat.bin is for a residual network; set encoder.name to resnet, or leave out initialWeights",
  );
});

Deno.test("importTimm: refuses a file of another network, and what is no safetensors file", () => {
  const [{ config, imageSize, tensors }, other] = timmCases;
  const built = buildModel(config, imageSize);
  const refusalOf = (bytes: Uint8Array) =>
    assertThrows(() => importTimm(built, bytes, "cat.bin"), UserError).message;
  const remedy =
    "choose encoder.depth, encoder.width and encoder.stem as in that file";
  assertEquals(
    refusalOf(encodeSafetensors({ metadata: {}, tensors: other.tensors })),
    `cat.bin does not fit the encoder: its tensor stem.conv.weight is of shape [8,3,3,3]; ${remedy}`,
  );
  const { ["stages.1.blocks.0.conv2.weight"]: _, ...fewer } = tensors;
  assertEquals(
    refusalOf(encodeSafetensors({ metadata: {}, tensors: fewer })),
    `cat.bin does not fit the encoder: its tensor stages.1.blocks.0.conv2.weight is missing; ${remedy}`,
  );
  assertEquals(
    refusalOf(new Uint8Array(100)),
    "cat.bin is not a safetensors file",
  );
});

Deno.test("importTimm: a file that is refused leaves the model as it was", () => {
  const [{ config, imageSize, tensors }] = timmCases;
  const built = buildModel(config, imageSize);
  const before = initialTensors(built);
  // of a late state: all parameters and the other states are there
  const { ["stages.3.blocks.1.norm3.running_var"]: _, ...fewer } = tensors;
  const bytes = encodeSafetensors({ metadata: {}, tensors: fewer });
  assertThrows(
    () => importTimm(built, bytes, "cat.bin"),
    UserError,
    "norm3.running_var is missing",
  );
  for (const [name, tensor] of Object.entries(initialTensors(built))) {
    assertEquals(tensor, before[name], name);
  }
});
