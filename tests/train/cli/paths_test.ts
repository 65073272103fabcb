/** Paths on the command line of a user who is in another folder than the project's. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { typedPath } from "../../../train/cli/paths.ts";
import { imageFile } from "../../datasets/image_file.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { type Output, outputOf, readJson, startTask, TINY } from "./command.ts";

type Task = Parameters<typeof startTask>[0];

/** Runs a task of a project for a user who is in another folder. */
function runFrom(
  { path }: TemporaryFolder,
  project: TemporaryFolder,
  task: Task,
  ...args: string[]
): Promise<Output> {
  const wasm = [...args, "--device", "wasm"];
  return outputOf(startTask(task, project.path, wasm, [], path));
}

Deno.test("typedPath: what is typed is relative to the person, what is a default to the project", async () => {
  using person = new TemporaryFolder();
  using project = new TemporaryFolder();
  for (let i = 0; i < 4; i++) {
    const picture = imageFile("PNG", 32, 32, (x, y) => [8 * x, 8 * y, i]);
    person.write(`pictures/${i}.png`, picture);
  }
  const data = ["data.name=folder", "data.path=pictures", "data.imageSize=32"];
  const settings = TINY.filter((text) => !/^--set$|^data\./.test(text));
  const made = await runFrom(
    person,
    project,
    "pretrain",
    ...[...settings, ...data].flatMap((setting) => ["--set", setting]),
  );
  assertEquals(made.code, 0, made.stderr);
  const [{ name }] = Deno.readDirSync(`${project.path}/runs`);
  const run = `${project.path}/runs/${name}`;
  assertMatch(made.stdout, new RegExp(`^run: ${run}$`, "m"));
  const config = await readJson(`${run}/config.json`);
  assertEquals(config.data.path, `${person.path}/pictures`);

  Deno.renameSync(`${person.path}/pictures`, `${person.path}/moved`);
  const resumed = await runFrom(
    person,
    project,
    "pretrain",
    ...["--resume", run, "--set", "data.path=moved"],
  );
  assertEquals(resumed.code, 0, resumed.stderr);
  const changed = await readJson(`${run}/config.json`);
  assertEquals(changed.data.path, `${person.path}/moved`);

  person.write("settings/mine.json", Deno.readFileSync(`${run}/config.json`));
  const typed = [
    ["pretrain", "--config", "settings/mine.json", "--out", "runs/second"],
    ["embed", "runs/second", "--images", "moved", "--out", "vectors.npy"],
  ] as const;
  for (const [task, ...args] of typed) {
    const { code, stderr } = await runFrom(person, project, task, ...args);
    assertEquals(code, 0, stderr);
  }
  for (const file of ["runs/second/report.html", "vectors.npy"]) {
    assertEquals(Deno.statSync(`${person.path}/${file}`).isFile, true);
  }
  const names = [...Deno.readDirSync(project.path)].map(({ name }) => name);
  assertEquals(names.sort(), ["data", "runs"]);
});

Deno.test("typedPath: an empty path, as of a variable that is not set, is refused and no folder's", async () => {
  using person = new TemporaryFolder();
  using project = new TemporaryFolder();
  const setting = ["--preset", "dv2-tiny", "--set", "data.name=folder"];
  const refusals = [
    [["pretrain", ...setting, "--set", "data.path="], "data.path"],
    [["probe", ""], "deno task probe needs RUN: the folder of a run"],
  ] as const;
  for (const [[task, ...args], message] of refusals) {
    const { code, stderr } = await runFrom(person, project, task, ...args);
    assertEquals(code, 1, stderr);
    assert(stderr.startsWith(`error: ${message}`), stderr);
  }
});

Deno.test("typedPath: refuses a ~ that the shell has left, and says what to write", () => {
  assertThrows(
    () => typedPath("~/pictures"),
    UserError,
    "the shell does not replace the ~ of ~/pictures here; write $HOME/pictures, or ./~/pictures for",
  );
  assertThrows(() => typedPath("~"), UserError, "write $HOME, or ./~ for");
  assertEquals(typedPath("/srv/~/~a"), "/srv/~/~a");
});

Deno.test("located: a path of a file of settings is named as the person finds it", async () => {
  using person = new TemporaryFolder();
  using project = new TemporaryFolder();
  person.write(
    "mine.json",
    JSON.stringify({ data: { name: "folder", path: "pictures" } }),
  );
  const { code, stderr } = await runFrom(
    ...[person, project, "pretrain", "--config", "mine.json"] as const,
    ...["--preset", "dv2-tiny"],
  );
  assertEquals(code, 1);
  const error = `error: cannot read the folder ${project.path}/pictures: `;
  assert(stderr.startsWith(error), stderr);
});
