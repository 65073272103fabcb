import { assert, assertEquals } from "@std/assert";
import * as onnxruntime from "npm:onnxruntime-web@^1.30.0/wasm";
import protobuf from "protobufjs";
import schema from "../../../train/export/protobuf/onnx.proto" with {
  type: "text",
};
import { toOnnx } from "../../../train/export/onnx.ts";
import { encoderOf, timmCases } from "./timm_fixture.ts";

// one thread, in this one: its own workers would outlive the test
onnxruntime.env.wasm.numThreads = 1;

for (const timmCase of timmCases) {
  const { name, imageSize, images, features } = timmCase;

  Deno.test(`toOnnx: ${name} give onnxruntime the features of PyTorch`, async () => {
    const bytes = toOnnx(encoderOf(timmCase));
    const session = await onnxruntime.InferenceSession.create(bytes);
    const area = 3 * imageSize ** 2;
    // the batch is free
    for (const count of [1, 2]) {
      const input = new onnxruntime.Tensor(
        "float32",
        images.subarray(0, count * area),
        [count, 3, imageSize, imageSize],
      );
      const { features: output } = await session.run({ images: input });
      const expected = features.slice(0, count).flat();
      assertEquals([...output.dims], [count, features[0].length]);
      const values = await output.getData();
      const error = Math.max(
        ...expected.map((value, i) => Math.abs(value - Number(values[i]))),
      );
      assert(error < 1e-4, `${error}`);
    }
    await session.release();
  });
}

Deno.test("toOnnx: says how images are prepared, and with what it was made", () => {
  const [timmCase] = timmCases;
  const contents = encoderOf(timmCase);
  const { root } = protobuf.parse(schema, { keepCase: true });
  const type = root.lookupType("onnx.ModelProto");
  const message = type.decode(toOnnx(contents));
  const model = type.toObject(message, { longs: Number });
  assertEquals(model.producer_name, "@dv2/dv2");
  assertEquals(model.opset_import, [{ domain: "", version: 13 }]);
  const metadata = Object.fromEntries(
    model.metadata_props.map((
      { key, value }: { key: string; value: string },
    ) => [key, JSON.parse(value)]),
  );
  assertEquals(
    metadata.preprocessing,
    contents.description.preprocessing,
  );
});
