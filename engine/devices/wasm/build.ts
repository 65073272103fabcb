/**
 * Compiles `assembly/` with AssemblyScript and writes the kernels to `kernels.generated.ts` and what
 * TypeScript must know about them to `kernel_interface.generated.ts`. With `--check` it only compares
 * these files with what the source gives, and exits with code 1 if they differ.
 */
import asc from "npm:assemblyscript@0.28.20/asc";

const here = new URL(".", import.meta.url);

async function compile(
  entry: string,
  { relaxed }: { relaxed: boolean },
): Promise<Uint8Array<ArrayBuffer>> {
  let binary = new Uint8Array();
  const { error, stderr } = await asc.main([
    entry,
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
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return null;
        throw error;
      }
    },
    writeFile: (name, contents) => {
      if (name === "kernels.wasm" && typeof contents !== "string") {
        binary = Uint8Array.from(contents);
      }
    },
    listFiles: () => [],
  });
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  return binary;
}

/** The functions and globals that a compiled entry exports. */
function exportsOf(binary: Uint8Array<ArrayBuffer>): WebAssembly.Exports {
  const memory = new WebAssembly.Memory({
    initial: 1,
    maximum: 65536,
    shared: true,
  });
  const module = new WebAssembly.Module(binary);
  return new WebAssembly.Instance(module, { env: { memory } }).exports;
}

function toBase64(binary: Uint8Array): string {
  return btoa(String.fromCharCode(...binary));
}

const header = `// Generated from assembly/ by \`deno task build\`; do not edit.
// deno-fmt-ignore-file
`;

const check = Deno.args.includes("--check");
if (!check) {
  // that it may not be written is better known before the compiler has run
  const file = new URL("kernels.generated.ts", here);
  Deno.openSync(file, { append: true, create: true }).close();
}

const relaxed = await compile("assembly/index.ts", { relaxed: true });
const plain = await compile("assembly/index.ts", { relaxed: false });

// the length of an exported function is the number of its parameters
const parameterCounts = Object.entries(exportsOf(plain)).flatMap(
  ([name, value]) =>
    typeof value === "function" ? [`  ${name}: ${value.length},`] : [],
);
const constants = Object.entries(
  exportsOf(await compile("assembly/constants.ts", { relaxed: false })),
).flatMap(([name, value]) =>
  value instanceof WebAssembly.Global
    ? [`export const ${name} = ${value.value};`]
    : []
);

const files = {
  "kernels.generated.ts": `${header}
/** The kernels with relaxed multiply-add. */
export const relaxedKernels: string =
  "${toBase64(relaxed)}";

/** The kernels for runtimes without it. */
export const plainKernels: string =
  "${toBase64(plain)}";
`,
  "kernel_interface.generated.ts": `${header}
/** Number of parameters of each kernel, all of them i32. */
export const parameterCounts = {
${parameterCounts.sort().join("\n")}
} as const;

// constants of assembly/constants.ts
${constants.sort().join("\n")}
`,
};

for (const [name, text] of Object.entries(files)) {
  const file = new URL(name, here);
  if (!check) {
    await Deno.writeTextFile(file, text);
  } else if (await Deno.readTextFile(file).catch(() => "") !== text) {
    console.error(
      `error: ${name} is not what assembly/ gives; run \`deno task build\``,
    );
    Deno.exit(1);
  }
}
