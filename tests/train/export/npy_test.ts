import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { NpyFile, npyHeader } from "../../../train/export/npy.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";

const namesIn = (path: string) =>
  [...Deno.readDirSync(path)].map(({ name }) => name);

Deno.test("NpyFile: holds its rows behind a header of NumPy's format", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/a.npy`;
  {
    using file = await NpyFile.create(path, 3);
    await file.append(Float32Array.of(1, 2, 3));
    await file.append(Float32Array.of(9, 9, -4, 5, 6).subarray(2));
    assertEquals(namesIn(folder.path), ["a.npy.unfinished"]);
    await file.finish();
  }
  assertEquals(namesIn(folder.path), ["a.npy"]);
  const bytes = await Deno.readFile(path);
  assertEquals(bytes.subarray(0, 128), npyHeader(2, 3));
  assertEquals(
    [...new Float32Array(bytes.slice(128).buffer)],
    [1, 2, 3, -4, 5, 6],
  );
});

Deno.test("npyHeader: is that of format 1.0, to a multiple of 64 bytes", () => {
  // numpy.lib.format.write_array_header_1_0 of NumPy 1.24, but for the number of spaces
  const dictionary =
    "{'descr': '<f4', 'fortran_order': False, 'shape': (12, 3), }";
  const text = "\x93NUMPY\x01\x00\x76\x00" + dictionary.padEnd(117) + "\n";
  const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  assertEquals(npyHeader(12, 3), bytes);
  assertEquals(npyHeader(2 ** 40, 4096).length, 128);
});

Deno.test("NpyFile: leaves nothing behind unless it is finished", async () => {
  using folder = new TemporaryFolder();
  {
    using file = await NpyFile.create(`${folder.path}/a.npy`, 1);
    await file.append(Float32Array.of(1));
    await assertRejects(() => file.append(Float32Array.of(1, 2)), RangeError);
  }
  assertEquals(namesIn(folder.path), []);
  const error = await assertRejects(
    () => NpyFile.create(`${folder.path}/b/a.npy`, 1),
    UserError,
  );
  assertEquals(
    error.message,
    `cannot write ${folder.path}/b/a.npy: there is no such file or folder; check the path`,
  );
});
