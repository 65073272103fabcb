import { assertEquals, assertRejects } from "@std/assert";
import { findImages, listImages } from "../../datasets/list_images.ts";
import { UserError } from "../../engine/user_error.ts";
import { TemporaryFolder } from "./temporary_folder.ts";
import { warningsOf } from "./warnings.ts";

Deno.test("findImages: takes pictures by their endings, from subfolders too, in natural order", async () => {
  using folder = new TemporaryFolder();
  for (
    const name of [
      "10.png",
      "9.JPG",
      "11.jpeg",
      "12.heif",
      "a/2.webp",
      "a/.hidden.png",
      ".cache/1.png",
      "notes.txt",
    ]
  ) {
    folder.write(name, "");
  }
  Deno.symlinkSync(`${folder.path}/a`, `${folder.path}/link`);
  Deno.symlinkSync("nowhere", `${folder.path}/broken`);
  assertEquals(await findImages(folder.path), {
    images: ["9.JPG", "10.png", "11.jpeg", "12.heif", "a/2.webp"],
    others: ["broken", "notes.txt"],
    links: ["link/"],
    misnamed: [],
  });
});

Deno.test("findImages: refuses a folder without pictures, and one that is not there", async () => {
  using folder = new TemporaryFolder();
  folder.write("notes.txt", "");
  await assertRejects(
    () => findImages(folder.path),
    UserError,
    "there are no pictures",
  );
  await assertRejects(
    () => findImages(`${folder.path}/missing`),
    UserError,
    `cannot read the folder ${folder.path}/missing`,
  );
});

Deno.test("listImages: says in a line what else lies there, by the endings", async () => {
  using folder = new TemporaryFolder();
  for (const name of ["1.png", "b.txt", "a.TXT", "README", "c.csv"]) {
    folder.write(name, "");
  }
  const { result, lines } = await warningsOf(() => listImages(folder.path));
  assertEquals(result, ["1.png"]);
  assertEquals(lines, [
    "data: left out, not recognised as pictures: 2 .txt (such as a.TXT), c.csv, README",
  ]);
});

Deno.test("listImages: says that links to folders are not followed, also where there is nothing else", async () => {
  using folder = new TemporaryFolder();
  folder.write("elsewhere/1.png", "");
  folder.write("pictures/notes.txt", "");
  const path = `${folder.path}/pictures`;
  Deno.symlinkSync("../elsewhere", `${path}/ant`);
  await assertRejects(
    () => listImages(path),
    UserError,
    `in ${path}; links to folders are not followed, such as ant/`,
  );
  folder.write("pictures/2.png", "");
  const { lines } = await warningsOf(() => listImages(path));
  assertEquals(
    lines[1],
    "data: links to folders are not followed, such as ant/",
  );
});

Deno.test("listImages: says that folders are left out whose names are not UTF-8, also where there is nothing else", async () => {
  using folder = new TemporaryFolder();
  const { path } = folder;
  // "été" in Latin-1
  const args = ["-c", `mkdir -p "$0/ant/$(printf '\\351t\\351')"`, path];
  assertEquals(new Deno.Command("sh", { args }).outputSync().code, 0);
  const remark =
    "folders whose names are not UTF-8 cannot be read, such as ant/\ufffdt\ufffd/";
  await assertRejects(
    () => listImages(path),
    UserError,
    `in ${path}; ${remark}`,
  );
  folder.write("bee/1.png", "");
  const { result, lines } = await warningsOf(() => listImages(path));
  assertEquals(result, ["bee/1.png"]);
  assertEquals(lines, [`data: ${remark}`]);
});
