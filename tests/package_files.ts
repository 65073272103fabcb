import configuration from "../deno.json" with { type: "json" };

const root = new URL("../", import.meta.url);
const { include, exclude } = configuration.publish;

/** Paths of all files that the package consists of, from its root, as `deno.json` says. */
export function packageFiles(): string[] {
  return include.flatMap(filesBelow);
}

function filesBelow(path: string): string[] {
  if (exclude.includes(path)) return [];
  const url = new URL(path, root);
  if (Deno.statSync(url).isFile) return [path];
  return [...Deno.readDirSync(url)].flatMap(({ name }) =>
    filesBelow(`${path}/${name}`)
  );
}

/** Reads a file of the package as text. */
export function readPackageFile(path: string): string {
  return Deno.readTextFileSync(new URL(path, root));
}
