/**
 * Compiles `assembly/` with AssemblyScript and writes `kernels.generated.ts`; with `--check` only
 * says whether that file is what the source gives (exit code 1 if not).
 */
import asc from "assemblyscript/asc";

const here = new URL(".", import.meta.url);
const target = new URL("kernels.generated.ts", here);

async function compile(relaxed: boolean): Promise<string> {
  let binary = new Uint8Array();
  const { error, stderr } = await asc.main([
    "assembly/index.ts",
    "--outFile=kernels.wasm",
    "--runtime=stub",
    "-O3",
    "--noAssert",
    "--importMemory",
    "--sharedMemory",
    "--initialMemory=1",
    "--maximumMemory=65536",
    "--enable=simd,threads,bulk-memory" + (relaxed ? ",relaxed-simd" : ""),
  ], {
    readFile: (name) => {
      try {
        return Deno.readTextFileSync(new URL(name, here));
      } catch {
        return null;
      }
    },
    writeFile: (name, contents) => {
      if (name === "kernels.wasm") binary = contents as Uint8Array<ArrayBuffer>;
    },
    listFiles: () => [],
  });
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  return btoa(String.fromCharCode(...binary));
}

const text = `// Generated from assembly/ by \`deno task build\`; do not edit.
// deno-fmt-ignore-file

/** The kernels with relaxed multiply-add. */
export const relaxedKernels: string =
  "${await compile(true)}";

/** The kernels for runtimes without it. */
export const plainKernels: string =
  "${await compile(false)}";
`;
if (!Deno.args.includes("--check")) {
  await Deno.writeTextFile(target, text);
} else if (await Deno.readTextFile(target) !== text) {
  console.error(
    "error: kernels.generated.ts is not what assembly/ gives; run `deno task build`",
  );
  Deno.exit(1);
}
