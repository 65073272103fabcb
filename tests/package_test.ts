/**
 * Runs the package as it is run from a registry: fetched over HTTP into an empty cache, in a folder
 * that holds nothing else. Leave to import from the address is all that computing needs: the device's
 * threads are modules of the package, and its kernels are text in one.
 */
import { assert, assertEquals } from "@std/assert";
import configuration from "../deno.json" with { type: "json" };
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
          headers: { "content-type": "application/typescript" },
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

/**
 * The imports of a project that uses the package. A registry turns the names that the package
 * itself imports into addresses when it is published; here the project's configuration does.
 */
function importsFor(host: string): Record<string, string> {
  const fromNpm = Object.entries(configuration.imports)
    .filter(([, target]) => target.startsWith("npm:"));
  return {
    ...Object.fromEntries(fromNpm),
    "@dv2/dv2": `http://${host}/mod.ts`,
  };
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
  const folder = await Deno.makeTempDir({ prefix: "dv2-test-" });
  try {
    await Deno.mkdir(`${folder}/cache`);
    await Deno.symlink(await npmCache(), `${folder}/cache/npm`, {
      type: "junction",
    });
    await Deno.writeTextFile(`${folder}/script.ts`, script);
    await Deno.writeTextFile(
      `${folder}/deno.json`,
      JSON.stringify({ imports: importsFor(registry.host) }),
    );
    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      {
        args: [
          "run",
          "--quiet",
          "--no-prompt",
          `--allow-import=${registry.host}`,
          ...permissions,
          "script.ts",
        ],
        cwd: folder,
        env: { DENO_DIR: `${folder}/cache`, NO_COLOR: "1" },
      },
    ).output();
    assert(success, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The first code block in the documentation of `mod.ts`. */
function documentedExample(): string {
  const [, block] = readPackageFile("mod.ts").match(/```ts\n(.*?)```/s)!;
  return block.replaceAll(/^ \* ?/gm, "");
}

Deno.test("the example of the documentation runs from a registry, with no permission but to import", async () => {
  const printed = await runScript(documentedExample());
  const numbers = printed.match(/-?\d+(\.\d+)?(e-?\d+)?(?=[ ,])/g)!.map(Number);
  assertEquals(numbers.length, 3, printed);
  const [loss, first, second] = numbers;
  assert(loss < 1e-3, printed);
  assert(Math.abs(first - 2) < 0.05 && Math.abs(second + 1) < 0.05, printed);
});

Deno.test("a training step runs from a registry, with access to its run folder alone", async () => {
  const script = `
    import {
      completeConfig,
      createRunFolder,
      openDataset,
      openDevice,
      pretrain,
    } from "@dv2/dv2";

    const config = completeConfig({
      data: { name: "synthetic", trainSize: 16, testSize: 4 },
      augmentation: { name: "translate" },
      encoder: { depth: 18, width: 0.0625, stem: "small" },
      model: {
        transformer: { layers: 1, heads: 2, feedForward: 16 },
        projection: 8,
      },
      losses: { maskedPatch: { weight: 1 } },
      batchSize: 4,
      steps: 1,
    });
    const splits = await openDataset(config.data);
    const run = await createRunFolder("tiny", config, "run");
    const { device } = await openDevice("wasm");
    const { step, metrics } = await pretrain(config, { device, splits, run });
    device.destroy();
    console.log(JSON.stringify({ step, loss: metrics?.loss }));
  `;
  const printed = await runScript(script, [
    "--allow-read=run",
    "--allow-write=run",
  ]);
  const { step, loss } = JSON.parse(printed);
  assertEquals(step, 1);
  assert(Number.isFinite(loss) && loss > 0, printed);
});
