import { assert, assertEquals } from "@std/assert";
import { packageFiles, readPackageFile } from "./package_files.ts";

/** The rooms of the package and those that each may import besides itself. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  engine: [],
  layers: ["engine"],
  vocab: ["engine", "layers"],
  losses: ["engine", "layers", "vocab"],
  datasets: ["engine"],
  train: ["engine", "layers", "vocab", "losses", "datasets"],
};
/** Rooms that load in a browser too. */
const portableRooms = ["engine", "layers", "losses", "vocab"];

interface Source {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  /** What it imports, as written, whether values, types or workers. */
  readonly imports: readonly string[];
}

const sources: Source[] = packageFiles()
  .filter((path) => path.endsWith(".ts") && path.includes("/"))
  .map((path) => {
    const text = readPackageFile(path);
    const specifiers = text.matchAll(
      /(?:\bfrom|\bimport|\bimport\(|\bnew URL\()\s*"([^"]+)"/g,
    );
    return {
      path,
      room: path.split("/")[0],
      text,
      imports: [...specifiers].map(([, specifier]) => specifier),
    };
  });

function isRelative(specifier: string): boolean {
  return specifier.startsWith(".");
}

Deno.test("rooms import in one direction only", () => {
  for (const { path, room, imports } of sources) {
    for (const specifier of imports.filter(isRelative)) {
      const { pathname } = new URL(specifier, `file:///${path}`);
      const imported = pathname.split("/")[1];
      assert(
        imported === room || rooms[room].includes(imported),
        `${path} must not import ${specifier}`,
      );
    }
  }
});

Deno.test("engine, layers, losses and vocab need no module from outside but zod", () => {
  for (const { path, imports } of sources.filter(isPortable)) {
    const outside = imports.filter((specifier) => !isRelative(specifier));
    assertEquals(outside.filter((name) => name !== "zod"), [], path);
  }
});

Deno.test("engine, layers, losses and vocab use web-standard APIs only", () => {
  for (const { path, text } of sources.filter(isPortable)) {
    const own = text.match(/\b(Deno|process)\.\w+/)?.[0];
    assertEquals(own, undefined, path);
  }
});

Deno.test("every room is looked at", () => {
  assertEquals(
    [...new Set(sources.map(({ room }) => room))].sort(),
    Object.keys(rooms).sort(),
  );
});

function isPortable({ room }: Source): boolean {
  return portableRooms.includes(room);
}
