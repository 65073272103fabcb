import { assertEquals, assertRejects } from "@std/assert";
import { pathToFileURL } from "node:url";
import { UserError } from "../../../engine/user_error.ts";
import { loadEncoder as loadAnywhere } from "../../../train/export/mod.ts";
import { exportEncoder } from "../../../train/export/formats.ts";
import { loadEncoder } from "../../../train/export/load_encoder.ts";
import { imageFile } from "../../datasets/image_file.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { devices } from "../../engine/devices.ts";
import { makeRun } from "./tiny_run.ts";
import { testWithSeed } from "../../random.ts";

const [device] = devices;
const picture = imageFile("PNG", 32, 32, (x, y) => [8 * x, 8 * y, x * y % 256]);
const pixels = {
  width: 32,
  height: 32,
  data: Uint8Array.from({ length: 4 * 32 * 32 }, (_, i) => {
    const [x, y] = [(i >> 2) % 32, i >> 7];
    return [8 * x, 8 * y, x * y % 256, 255][i & 3];
  }),
};

testWithSeed(
  "loadEncoder: takes a path, a URL or the content, and pictures in every form",
  async () => {
    using folder = new TemporaryFolder();
    await makeRun(`${folder.path}/run`);
    const bytes = await exportEncoder(`${folder.path}/run`, "safetensors");
    folder.write("it.safetensors", bytes);
    folder.write("a b.png", picture);
    const path = `${folder.path}/a b.png`;
    const file = `${folder.path}/it.safetensors`;
    let first: Float32Array | undefined;
    for (const source of [bytes, file, pathToFileURL(file)]) {
      using encoder = await loadEncoder(source, { device, batchSize: 3 });
      const features = await encoder.features([
        path,
        pathToFileURL(path),
        picture,
        new Blob([picture]),
        pixels,
      ]);
      first ??= features[0];
      assertEquals(features, new Array(5).fill(first));
      await assertRejects(
        () => encoder.features([picture, file]),
        UserError,
        `cannot decode ${file}: `,
      );
    }
    // what browsers load computes the same
    const blob = new Blob([bytes.slice()]);
    for (const source of [bytes, blob, pathToFileURL(file)]) {
      using encoder = await loadAnywhere(source, { device });
      assertEquals(await encoder.features([pixels]), [first]);
    }
  },
);

Deno.test("loadEncoder: refuses a file that is missing", async () => {
  await assertRejects(
    () => loadEncoder("nowhere.safetensors"),
    UserError,
    "cannot read nowhere.safetensors: there is no such file or folder",
  );
});

Deno.test("loadEncoder: names the file that a browser gives it in errors", async () => {
  await assertRejects(
    () => loadAnywhere(new File(["nothing"], "cats.onnx")),
    UserError,
    "cats.onnx is not a safetensors file; ",
  );
  await assertRejects(
    () => loadAnywhere(new Blob(["nothing"])),
    UserError,
    "the encoder is not a safetensors file; ",
  );
});

testWithSeed(
  "loadEncoder: disposing leaves a given device to others and ends its own",
  async () => {
    using folder = new TemporaryFolder();
    await makeRun(`${folder.path}/run`);
    const bytes = await exportEncoder(`${folder.path}/run`, "safetensors");
    for (const choice of [device, device, "wasm"] as const) {
      // with its own device, threads left over would keep this test from ending
      using encoder = await loadEncoder(bytes, { device: choice });
      assertEquals((await encoder.features([pixels])).length, 1);
    }
  },
);
