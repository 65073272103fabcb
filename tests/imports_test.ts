import { assert, assertEquals } from "@std/assert";
import configuration from "../deno.json" with { type: "json" };
import { packageFiles, readPackageFile } from "./package_files.ts";

/** The rooms of the package and those that each may import besides itself. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  engine: [],
  layers: ["engine"],
  vocab: ["engine", "layers"],
  losses: ["engine", "layers", "vocab"],
  datasets: ["engine"],
  // docs: the page of settings, which a command prints
  train: ["engine", "layers", "vocab", "losses", "datasets", "docs"],
};

/** Entry modules of what loads in a browser too, with all that they load. */
const portable = [
  "engine/mod.ts",
  "engine/ops/mod.ts",
  "layers/mod.ts",
  "losses/mod.ts",
  "losses/kinds.ts",
  "vocab/mod.ts",
  "train/models/kinds.ts",
  "train/models/encoders.ts",
  "train/build_model.ts",
  "train/training_step.ts",
  "train/export/mod.ts",
];

interface Source {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  /** What it imports, as written, whether values, types or workers. */
  readonly imports: readonly string[];
  /** What is loaded with it: its imports but for those of types alone. */
  readonly loads: readonly string[];
}

const sources = new Map<string, Source>(
  packageFiles()
    .filter((path) => /\.[jt]s$/.test(path))
    .map((path) => {
      const text = readPackageFile(path);
      const code = text.replaceAll(/\/\*.*?\*\/|^\s*\/\/[^\n]*/gms, "");
      const types = /^(?:import|export) type [^;]*?;/gms;
      return [path, {
        path,
        room: path.split("/")[0],
        text: code,
        imports: specifiersIn(code),
        loads: specifiersIn(code.replaceAll(types, "")),
      }];
    }),
);

function specifiersIn(code: string): string[] {
  const specifiers = code.matchAll(
    /(?:\bfrom|\bimport|\bimport\(|\bnew URL\()\s*"([^"]+)"/g,
  );
  return [...specifiers].map(([, specifier]) => specifier);
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith(".");
}

/** Path from the root of the package of what `path` imports as `specifier`. */
function resolve(specifier: string, path: string): string {
  return new URL(specifier, `file:///${path}`).pathname.slice(1);
}

/** A file and all that it loads, directly or through others. */
function loadedWith(entry: string): Set<Source> {
  const loaded = new Set<Source>();
  const visit = (path: string) => {
    const source = sources.get(path);
    assert(source, `${path} is not in the package`);
    if (loaded.has(source)) return;
    loaded.add(source);
    for (const specifier of source.loads.filter(isRelative)) {
      visit(resolve(specifier, path));
    }
  };
  visit(entry);
  return loaded;
}

Deno.test("imports: rooms import in one direction only", () => {
  const seen = new Set<string>();
  for (const { path, room, imports } of sources.values()) {
    if (!path.includes("/")) continue;
    seen.add(room);
    for (const specifier of imports.filter(isRelative)) {
      const imported = resolve(specifier, path).split("/")[0];
      assert(
        [room, ...rooms[room], "deno.json"].includes(imported),
        `${path} must not import ${specifier}`,
      );
    }
  }
  assertEquals([...seen].sort(), Object.keys(rooms).sort());
});

for (const entry of portable) {
  Deno.test(`imports: ${entry} loads in a browser as it is`, () => {
    const loaded = loadedWith(entry);
    assert(loaded.size > 2);
    for (const { path, text, loads } of loaded) {
      const outside = loads.filter((specifier) => !isRelative(specifier));
      assertEquals(outside.filter((name) => name !== "zod"), [], path);
      const own = text.match(/\b(Deno|process)\.\w+/)?.[0];
      assertEquals(own, undefined, path);
    }
  });
}

Deno.test("imports: every file of the portable rooms is loaded by an entry module, or is not for browsers", () => {
  const loaded = new Set(portable.flatMap((entry) => [...loadedWith(entry)]));
  const others = [...sources.values()]
    .filter(({ room, text }) =>
      ["layers", "losses", "vocab"].includes(room) && text.includes("export ")
    )
    .filter((source) => !loaded.has(source))
    .filter(({ text }) => /^export (?!type|interface)/m.test(text));
  assertEquals(others.map(({ path }) => path), []);
});

Deno.test("imports: no subpath exports kernels or memory plans", () => {
  for (const entry of Object.values(configuration.exports)) {
    const { text } = sources.get(entry.slice(2))!;
    const kernels = [...text.matchAll(/from "([^"]*\/compile\/[^"]*)"/g)]
      .map(([, path]) => path)
      .filter((path) => !path.endsWith("/schedule.ts"));
    assertEquals(kernels, [], entry);
  }
});
