/** What the first start fetches: Deno fetches all that deno.lock has before it runs anything. */
import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import configuration from "../deno.json" with { type: "json" };
import { taskCommands } from "./permissions/task_commands.ts";
import { TemporaryFolder } from "./datasets/temporary_folder.ts";

const root = new URL("../", import.meta.url);

/** The packages of docs/permissions.md are the most that may be fetched, and this their size on disk. */
const MAX_MEBIBYTES = 70;

interface LockFile {
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
}

function readLock(path: string): LockFile {
  return JSON.parse(Deno.readTextFileSync(new URL(path, root)));
}

const main = readLock("deno.lock");

/** The name of `npm:zod@^4.1.0` or `zod@4.6.7`. */
function nameOf(specifier: string): string {
  return specifier.match(/^(?:npm:)?(@?[^@]+)@/)![1];
}

/** What `deno info --json` says, of a module if one is given. */
async function denoInfo(...args: readonly string[]) {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", ...args],
    cwd: root,
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

function bytesBelow(path: string): number {
  return [...Deno.readDirSync(path)].reduce((sum, { name, isDirectory }) => {
    const item = `${path}/${name}`;
    return sum + (isDirectory ? bytesBelow(item) : Deno.statSync(item).size);
  }, 0);
}

Deno.test("deno.lock: has the packages that docs/permissions.md lists", () => {
  const document = Deno.readTextFileSync(new URL("docs/permissions.md", root));
  const [, table] = document.match(/\| package .*\n\|.*\n((?:\|.*\n)+)/)!;
  const listed = [...table.matchAll(/^\| `(.+?)` /gm)].map(([, name]) => name);
  assertEquals(Object.keys(main.specifiers).map(nameOf).sort(), listed.sort());
});

Deno.test("deno.lock: what the commands import is in it, and nothing else", async () => {
  using folder = new TemporaryFolder();
  const programs = taskCommands.map(({ script }) => script)
    .filter((script) => script.startsWith("train/cli/"));
  assert(programs.length > 5);
  const entries = [...programs, "mod.ts", "datasets/image_decoder_worker.ts"];
  const lines = entries.map((path) => `import "${new URL(path, root)}";`);
  folder.write("all.ts", lines.join("\n"));
  const config = fileURLToPath(new URL("deno.json", root));
  const { modules } = await denoInfo(
    `--config=${config}`,
    `${folder.path}/all.ts`,
  );
  const imported = modules.flatMap(({ npmPackage }: { npmPackage?: string }) =>
    npmPackage === undefined ? [] : [nameOf(npmPackage)]
  );
  assertEquals(
    [...new Set(imported)].sort(),
    Object.keys(main.specifiers).map(nameOf).sort(),
  );
});

Deno.test(`deno.lock: its packages take less than ${MAX_MEBIBYTES} MiB`, async () => {
  const { npmCache } = await denoInfo();
  const bytes = Object.keys(main.npm).reduce((sum, id) => {
    const [, name, version] = id.match(/^(@?[^@]+)@([^_]+)/)!;
    return sum +
      bytesBelow(`${npmCache}/registry.npmjs.org/${name}/${version}`);
  }, 0);
  const mebibytes = bytes / 2 ** 20;
  assert(mebibytes > 1 && mebibytes < MAX_MEBIBYTES, `${mebibytes} MiB`);
});

Deno.test("deno.json: its imports are what deno.lock has", () => {
  const imports = Object.values(configuration.imports)
    .filter((target) => target.startsWith("npm:"));
  const locked = Object.keys(main.specifiers).map(nameOf);
  // these two have it by files that re-export it
  const others = locked.filter((name) => name !== "deno-std");
  assertEquals(imports.map(nameOf).sort(), others.sort());
});

for (
  const path of [
    "development.lock",
    "bench/deno.lock",
    "examples/browser/deno.lock",
    "examples/library/deno.lock",
  ]
) {
  Deno.test(`${path}: packages that deno.lock has too are the same there`, () => {
    const { specifiers, npm } = readLock(path);
    for (const [specifier, version] of Object.entries(specifiers)) {
      assertEquals(version, main.specifiers[specifier] ?? version, specifier);
    }
    const shared = Object.keys(npm).filter((id) => id in main.npm);
    assert(shared.length > 0);
    for (const id of shared) {
      assertEquals(npm[id].integrity, main.npm[id].integrity, id);
    }
  });
}
