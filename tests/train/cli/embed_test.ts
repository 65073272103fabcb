import { assert, assertEquals, assertMatch } from "@std/assert";
import { loadEncoder } from "../../../train/export/load_encoder.ts";
import { exportEncoder } from "../../../train/export/formats.ts";
import { imageFile } from "../../datasets/image_file.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { devices } from "../../engine/devices.ts";
import { makeRun } from "../export/tiny_run.ts";
import { runTask, runTaskOnFullDisk } from "./command.ts";
import { testWithSeed } from "../../random.ts";

/** A run, its exported encoder, and a folder of pictures of which one is broken. */
async function writeFiles(folder: TemporaryFolder): Promise<void> {
  await makeRun(`${folder.path}/run`);
  const bytes = await exportEncoder(`${folder.path}/run`, "safetensors");
  folder.write("encoder.safetensors", bytes);
  const picture = (red: number) =>
    imageFile("PNG", 40, 33, (x, y) => [red, 6 * x, 7 * y]);
  folder.write("pictures/a2.png", picture(250));
  folder.write('pictures/a10, "b\x1b".png', picture(20));
  folder.write("pictures/broken\n.png", "no picture");
  folder.write("pictures/inner/c.png", picture(240));
}

const NAMES = ["a2.png", 'a10, "b\x1b".png', "inner/c.png"];

testWithSeed(
  "embed: writes a row of features for each picture that can be read",
  async () => {
    using folder = new TemporaryFolder();
    await writeFiles(folder);
    using encoder = await loadEncoder(`${folder.path}/encoder.safetensors`, {
      device: devices[0],
    });
    const paths = NAMES.map((name) => `${folder.path}/pictures/${name}`);
    for (const [kind, batchSize] of [["features", "2"], ["I, Î", "1"]]) {
      const { code, stdout, stderr } = await runTask(
        "embed",
        folder.path,
        ...["run", "--images", "pictures", "--device", "wasm"],
        ...["--features", kind, "--batch-size", batchSize],
      );
      assertEquals(code, 0, stderr);
      assertMatch(stdout, /^3 vectors of \d+ features: run\/embeddings.npy\n/);
      assertMatch(stderr, /^computing features of 4 images \.\.\.$/m);
      assertMatch(stderr, /^skipping pictures\/broken\\x0a.png: /m);
      assertMatch(stderr, /^skipped 1 of 4 images$/m);
      assertEquals(
        stderr.match(/^.* will be replaced .*$/m)?.[0],
        kind === "features"
          ? undefined
          : 'run/embeddings.npy and run/embeddings.csv will be replaced by the features "I, Î" of 4 images in pictures',
      );
      const csv = await Deno.readTextFile(`${folder.path}/run/embeddings.csv`);
      assertEquals(
        csv,
        'file\r\na2.png\r\n"a10, ""b\x1b"".png"\r\ninner/c.png\r\n',
      );
      const expected = await encoder.features(paths, kind);
      const npy = await Deno.readFile(`${folder.path}/run/embeddings.npy`);
      const values = new Float32Array(npy.slice(128).buffer);
      assertEquals([...values], expected.flatMap((row) => [...row]));
      const header = new TextDecoder("latin1").decode(npy.subarray(0, 128));
      assert(header.includes(`'shape': (3, ${expected[0].length}), }`), header);
    }
  },
);

testWithSeed(
  "embed: --neighbours prints the nearest pictures of each and writes nothing",
  async () => {
    using folder = new TemporaryFolder();
    await writeFiles(folder);
    const args = ["encoder.safetensors", "--images", "pictures"];
    args.push("--device", "wasm", "--neighbours", "5");
    const { code, stdout, stderr } = await runTask(
      "embed",
      folder.path,
      ...args,
    );
    assertEquals(code, 0, stderr);
    const names = stdout.trimEnd().split("\n").map((line) =>
      line.replace(/^ {2}\d\.\d{3} {2}/, "- ")
    );
    const [first, , third] = NAMES;
    const second = 'a10, "b\\x1b".png';
    assertEquals(names[0], first);
    // all others are listed, once each
    assertEquals(
      [names.slice(1, 3).sort(), names.slice(4, 6).sort()],
      [[`- ${second}`, `- ${third}`], [`- ${first}`, `- ${third}`]],
    );
    assertEquals([names[3], names[6], names.length], [second, third, 9]);
    // those of nearly the same red are nearest
    assertEquals(names[1], `- ${third}`);
    assertEquals([...Deno.readDirSync(folder.path)].length, 3);
    const lost = await runTaskOnFullDisk("embed", folder.path, ...args);
    assertEquals(lost.code, 1);
    assertMatch(lost.stderr, /^error: cannot write the output: the disk is/m);
  },
);

testWithSeed(
  "embed: continues with the same weights alone",
  async () => {
    using folder = new TemporaryFolder();
    await writeFiles(folder);
    const embed = () =>
      runTask(
        "embed",
        folder.path,
        ...["encoder.safetensors", "--images", "pictures", "--out", "a.npy"],
        ...["--device", "wasm"],
      );
    // a folder of that name keeps the file from its place
    const inTheWay = `${folder.path}/a.npy`;
    await Deno.mkdir(`${inTheWay}/inner`, { recursive: true });
    assertEquals((await embed()).code, 1);
    const again = await embed();
    assertMatch(again.stderr, /^continuing after 4 of 4 images$/m);
    const bytes = await Deno.readFile(`${folder.path}/encoder.safetensors`);
    bytes[bytes.length - 3] ^= 1;
    folder.write("encoder.safetensors", bytes);
    await Deno.remove(inTheWay, { recursive: true });
    const other = await embed();
    assertEquals(other.code, 1);
    assertMatch(other.stderr, /^error: a.npy is unfinished: 4 images of /m);
    await Deno.remove(`${folder.path}/a.npy.journal.unfinished`);
    const { code, stderr } = await embed();
    assertEquals(code, 0, stderr);
    assert(!stderr.includes("continuing"), stderr);
  },
);

testWithSeed(
  "embed: refuses bad input in one sentence and writes nothing",
  async () => {
    using folder = new TemporaryFolder();
    await writeFiles(folder);
    const bytes = await Deno.readFile(`${folder.path}/encoder.safetensors`);
    folder.write("cut.safetensors", bytes.subarray(0, -1000));
    folder.write("none/notes.txt", "no picture");
    folder.write("broken/a.png", "no picture");
    const pictures = ["--images", "pictures"];
    const refusals: [string[], RegExp][] = [
      [["run"], /^--images is missing; name the folder of the pictures$/],
      [["cut.safetensors", ...pictures], /^cut.safetensors is cut short: /],
      [
        ["run", "--images", "none"],
        /^there are no pictures \(JPEG, .*\) in none; check the path$/,
      ],
      [["run", "--images", "nowhere"], /^cannot read the folder nowhere: /],
      [
        ["run", "--images", "broken", "--device", "wasm"],
        /^no image in broken can be read$/,
      ],
      [
        ["run", ...pictures, "--neighbours", "0"],
        /^--neighbours must be at least 1, not 0$/,
      ],
      [
        ["run", ...pictures, "--out", "a.csv"],
        /^--out must end in .npy, unlike a.csv$/,
      ],
      [
        ["run", ...pictures, "--features", "heads", "--device", "wasm"],
        /^--features must be one of "patch res1", .*, "image", not "heads"$/,
      ],
    ];
    for (const [args, message] of refusals) {
      const { code, stdout, stderr } = await runTask(
        "embed",
        folder.path,
        ...args,
      );
      assertEquals([code, stdout], [1, ""], stderr);
      const errors = stderr.split("\n").filter((line) => /^error: /.test(line));
      assertEquals(errors.length, 1, stderr);
      assertMatch(errors[0].replace("error: ", ""), message);
    }
    const left = [...Deno.readDirSync(`${folder.path}/run`)];
    assertEquals(left.map(({ name }) => name).sort(), [
      "checkpoints",
      "config.json",
      "lock",
    ]);
  },
);
