/**
 * Runs the package as it is run from a registry: fetched over HTTP into an empty cache, in a folder
 * that holds nothing else. Leave to import from the address is all that computing needs: the device's
 * threads are modules of the package, and its kernels are text in one.
 */
import { assert, assertEquals } from "@std/assert";
import configuration from "../deno.json" with { type: "json" };
import { exportEncoder } from "../train/export/formats.ts";
import { imageFile } from "./datasets/image_file.ts";
import { makeRun } from "./train/export/tiny_run.ts";
import { withFolder } from "./train/folder.ts";
import { packageFiles, readPackageFile } from "./package_files.ts";

/** Serves the files of the package, and nothing else, until it is disposed of. */
class Registry implements AsyncDisposable {
  readonly #paths = new Set(packageFiles());
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ({ url }) => {
      const path = new URL(url).pathname.slice(1);
      return this.#paths.has(path)
        ? new Response(readPackageFile(path), {
          headers: { "content-type": contentTypeOf(path) },
        })
        : new Response(null, { status: 404 });
    },
  );

  /** Where it listens, such as `127.0.0.1:8000`. */
  get host(): string {
    return `127.0.0.1:${this.#server.addr.port}`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.shutdown();
  }
}

function contentTypeOf(path: string): string {
  if (path.endsWith(".ts")) return "application/typescript";
  return path.endsWith(".json") ? "application/json" : "text/plain";
}

/**
 * The imports of a project that uses the package. A registry turns the names that the package
 * itself imports into addresses when it is published; here the project's configuration does.
 */
function importsFor(host: string): Record<string, string> {
  const fromNpm = Object.entries(configuration.imports)
    .filter(([, target]) => target.startsWith("npm:"));
  return { ...Object.fromEntries(fromNpm), ...subpaths(`http://${host}/`) };
}

/** The names of all entry modules of the package, which lies at `base`. */
function subpaths(base: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(configuration.exports).map(([name, path]) => [
      `@dv2/dv2${name.slice(1)}`,
      new URL(path, base).href,
    ]),
  );
}

/** The folder where packages from npm are, so that they need not be fetched again. */
async function npmCache(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).npmCache;
}

/**
 * Runs a script that imports `@dv2/dv2` from a registry, in a folder of its own.
 *
 * @param permissions besides that to import from the registry
 * @returns what it printed
 */
async function runScript(
  script: string,
  permissions: readonly string[] = [],
): Promise<string> {
  await using registry = new Registry();
  return await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/cache`);
    await Deno.symlink(await npmCache(), `${folder}/cache/npm`, {
      type: "junction",
    });
    await writeProject(folder, script, { imports: importsFor(registry.host) });
    return await runDeno(folder, [
      `--allow-import=${registry.host}`,
      ...permissions,
      "script.ts",
    ], { DENO_DIR: `${folder}/cache` });
  });
}

async function writeProject(
  folder: string,
  script: string,
  config: object,
): Promise<void> {
  await Deno.writeTextFile(`${folder}/script.ts`, script);
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
}

/** Runs `deno run` in a folder; returns what it printed. */
async function runDeno(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...args],
    cwd: folder,
    env: { ...env, NO_COLOR: "1" },
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** The first code block in the documentation of a module. */
function exampleOf(path: string): string {
  const [, block] = readPackageFile(path).match(/```ts\n(.*?)```/s)!;
  return block.replaceAll(/^ \* ?/gm, "");
}

Deno.test("package: the example of engine/mod.ts runs from a registry, with no permission but to import", async () => {
  const printed = await runScript(exampleOf("engine/mod.ts"));
  const numbers = printed.match(/-?\d+(\.\d+)?(e-?\d+)?(?=[ ,])/g)!.map(Number);
  assertEquals(numbers.length, 3, printed);
  const [loss, first, second] = numbers;
  assert(loss < 1e-3, printed);
  assert(Math.abs(first - 2) < 0.05 && Math.abs(second + 1) < 0.05, printed);
});

Deno.test("package: the example of mod.ts runs from a registry, with access to its run folder alone", async () => {
  const printed = await runScript(exampleOf("mod.ts"), [
    "--allow-read=first-run",
    "--allow-write=first-run",
  ]);
  assertEquals(printed, "1024\n");
});

const root = new URL("../", import.meta.url);

Deno.test("package: the example for another folder runs there by an import map", () =>
  withFolder(async (folder) => {
    const script = await Deno.readTextFile(
      new URL("examples/library/features.ts", root),
    );
    await writeProject(folder, script, { imports: subpaths(root.href) });
    assertEquals(
      await runDeno(folder, ["--allow-read", "--allow-write=run", "script.ts"]),
      "4 vectors of 1024 features\n",
    );
  }));

for (const document of ["README.md", "docs/encoder.md"]) {
  Deno.test(`package: the script of ${document} computes features by an import map`, () =>
    withFolder(async (folder) => {
      const text = await Deno.readTextFile(new URL(document, root));
      const [, script] = text.match(/```ts\n(.*?)```/s)!;
      const print = "console.log(cat.length > 0, dog.length === cat.length);";
      await writeProject(folder, script + print, {
        imports: subpaths(root.href),
      });
      await makeRun(`${folder}/run`);
      const encoder = await exportEncoder(`${folder}/run`, "safetensors");
      await Deno.writeFile(`${folder}/encoder.safetensors`, encoder);
      for (const name of ["cat.jpg", "dog.jpg"]) {
        const picture = imageFile("JPEG", 32, 32, (x, y) => [8 * x, 8 * y, 0]);
        await Deno.writeFile(`${folder}/${name}`, picture);
      }
      assertEquals(
        await runDeno(folder, ["--allow-read", "script.ts"]),
        "true true\n",
      );
    }));
}

Deno.test("package: a script in another folder imports it by file URL with its config", () =>
  withFolder(async (folder) => {
    const script = `
      import { presets } from "${new URL("mod.ts", root)}";
      import * as ops from "${new URL("engine/ops/mod.ts", root)}";
      console.log("dv2-tiny" in presets, typeof ops.max);
    `;
    await writeProject(folder, script, {});
    const config = `--config=${new URL("deno.json", root).pathname}`;
    assertEquals(
      await runDeno(folder, [config, "script.ts"]),
      "true function\n",
    );
  }));
