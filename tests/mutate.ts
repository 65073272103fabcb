/**
 * Breaks the sources in many places, one at a time, and runs the tests of each: what survives is not
 * tested. Works on copies of the tree; a mutant costs some seconds.
 */
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { UserError } from "../engine/user_error.ts";
import {
  type Command,
  helpText,
  parseArguments,
} from "../train/cli/arguments.ts";
import { runProgram } from "../train/cli/run_program.ts";
import { type Equivalent, equivalents } from "./mutate_equivalent.ts";
import type { Mutation } from "./mutate_operators.ts";
import { TestIndex } from "./mutate_tests_of.ts";

const command = {
  usage: "deno task mutate",
  help:
    "Breaks the sources in many places, one at a time, and lists what no test notices.",
  options: {
    only: {
      kind: "text",
      value: "PATHS",
      default: "engine,losses,vocab,layers,train",
      help: "files and folders to break, separated by commas",
    },
    count: {
      kind: "integer",
      value: "N",
      default: 200,
      help: "number of breaks",
    },
    seed: {
      kind: "integer",
      value: "N",
      help: "which of the possible breaks are made; by default drawn",
    },
    jobs: {
      kind: "integer",
      value: "N",
      default: 2,
      help: "breaks tried at a time",
    },
    state: {
      kind: "text",
      value: "FILE",
      default: "runs/mutants.jsonl",
      help:
        "what was found so far; of it, only the breaks that survived are tried again",
    },
  },
  examples: [
    "deno task mutate",
    "deno task mutate --only=losses,layers/attention.ts --count=50",
  ],
} as const satisfies Command;

/** Not broken: generated, foreign, or compiled ahead of the tests. */
const EXCLUDED = /\/(std|assembly|presets)\/|\.generated\.|\/build\.ts$/;

/** A test that takes so much longer than without the break hangs. */
const PATIENCE = { factor: 4, seconds: 20 };

interface Mutant extends Mutation {
  readonly file: string;
  readonly line: number;
}

type Outcome = "noticed" | "hung" | "survived";

interface Result {
  readonly key: string;
  readonly outcome: Outcome;
}

function read(path: string): string {
  return Deno.readTextFileSync(path);
}

async function output(
  command: string,
  options: Deno.CommandOptions,
): Promise<string> {
  const { stdout } = await new Deno.Command(command, {
    stderr: "null",
    ...options,
  }).output();
  return new TextDecoder().decode(stdout);
}

/** Paths of all files of the working tree, from its root. */
async function listFiles(): Promise<string[]> {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard"];
  const list = await output("git", { args });
  if (list === "") throw new UserError("this is not a checkout of git");
  const lines = list.trimEnd().split("\n");
  return [...new Set(lines)].filter((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  });
}

/** What `deno lint --json` writes. */
interface LintReport {
  readonly diagnostics: readonly {
    readonly filename: string;
    readonly message: string;
    readonly range: { readonly start: { readonly line: number } };
  }[];
  readonly errors: readonly { readonly message: string }[];
}

function parseMutation(message: string): Mutation {
  return JSON.parse(message);
}

/** All breaks of files and folders. */
async function listMutants(paths: readonly string[]): Promise<Mutant[]> {
  const config = "tests/mutate_lint.json";
  const args = ["lint", "--json", `--config=${config}`, ...paths];
  const report = await output("deno", { args });
  if (report === "") {
    throw new UserError(`--only: there are no sources in ${paths.join(", ")}`);
  }
  const { diagnostics, errors }: LintReport = JSON.parse(report);
  if (errors.length > 0) throw new Error(errors[0].message);
  const root = new URL(`file://${Deno.cwd()}/`).href;
  return diagnostics.map(({ filename, message, range }) => ({
    ...parseMutation(message),
    file: filename.slice(root.length),
    line: range.start.line,
  })).filter(({ file }) => !EXCLUDED.test(file));
}

/** `count` of the items, in random order. */
function sample<Item>(items: Item[], count: number, seed: number): Item[] {
  const generator = xoroshiro128plus(seed);
  const chosen = items.slice();
  for (let i = 0; i < Math.min(count, chosen.length); i++) {
    const j = uniformInt(generator, i, chosen.length - 1);
    [chosen[i], chosen[j]] = [chosen[j], chosen[i]];
  }
  return chosen.slice(0, count);
}

function lineOf({ file, range }: Mutant): string {
  const text = read(file);
  const start = text.lastIndexOf("\n", range[0] - 1) + 1;
  return text.slice(start, text.indexOf("\n", range[0])).trim();
}

function isEquivalent(mutant: Mutant): boolean {
  const line = lineOf(mutant);
  return equivalents.some((known: Equivalent) =>
    known.file === mutant.file && known.line === line &&
    known.before === mutant.before && known.after === mutant.after
  );
}

/** Names a break; another one as soon as its file has changed. */
async function keyOf({ file, range, after }: Mutant): Promise<string> {
  const bytes = new TextEncoder().encode(read(file) + after);
  const hash = await crypto.subtle.digest("SHA-1", bytes);
  return `${file}:${range.join("-")}:${new Uint8Array(hash).toHex()}`;
}

/** A copy of the tree in which one break at a time is made. */
class Workshop {
  readonly root = Deno.makeTempDirSync({ prefix: "mutate-" });

  constructor(files: readonly string[]) {
    for (const file of files) {
      const path = `${this.root}/${file}`;
      Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      Deno.copyFileSync(file, path);
    }
    // for the test of this program, which lists files
    new Deno.Command("git", { args: ["init", "-q"], cwd: this.root })
      .outputSync();
    // what tests write, and what a broken program might, stays in here
    Deno.mkdirSync(`${this.root}/tmp`);
  }

  /** Runs tests until one fails. */
  async test(
    tests: readonly string[],
    { webgpu, seconds }: { webgpu: boolean; seconds: number },
  ): Promise<Outcome> {
    const signal = AbortSignal.timeout(1000 * seconds);
    const { success } = await new Deno.Command("deno", {
      args: [
        "test",
        "--lock=development.lock",
        "--no-check",
        "--fail-fast",
        "--allow-read",
        `--allow-write=${this.root}`,
        "--allow-net=127.0.0.1",
        "--allow-env",
        "--allow-run",
        ...tests,
      ],
      cwd: this.root,
      env: {
        TMPDIR: `${this.root}/tmp`,
        XDG_RUNTIME_DIR: `${this.root}/tmp`,
        DV2_TEST_SEED: "1",
        // without its driver WebGPU's tests are skipped
        ...(webgpu ? {} : {
          DENO_WEBGPU_BACKEND: "vulkan",
          VK_DRIVER_FILES: "/nonexistent",
        }),
      },
      stdout: "null",
      stderr: "null",
      signal,
    }).output();
    if (success) return "survived";
    return signal.aborted ? "hung" : "noticed";
  }

  /** Makes a break, runs its tests, and mends it. */
  async try(
    { file, range: [start, end], after }: Mutant,
    tests: readonly string[],
    secondsOf: (test: string) => number,
  ): Promise<Outcome> {
    const path = `${this.root}/${file}`;
    const text = read(path);
    Deno.writeTextFileSync(
      path,
      text.slice(0, start) + after + text.slice(end),
    );
    try {
      // one after another: the first test notices most breaks
      for (const test of tests) {
        const outcome = await this.test([test], {
          webgpu: file.includes("/webgpu/"),
          seconds: PATIENCE.seconds + PATIENCE.factor * secondsOf(test),
        });
        if (outcome !== "survived") return outcome;
      }
      return "survived";
    } finally {
      Deno.writeTextFileSync(path, text);
    }
  }
}

function describe(mutant: Mutant): string {
  const { file, line, before, after } = mutant;
  return `${file}:${line}  ${lineOf(mutant)}\n    - ${before}\n    + ${after}`;
}

function readResults(path: string): Map<string, Outcome> {
  try {
    const lines = read(path).trimEnd().split("\n");
    return new Map(lines.map((line) => {
      const { key, outcome }: Result = JSON.parse(line);
      return [key, outcome];
    }));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Map();
    throw error;
  }
}

async function main(): Promise<void> {
  const options = parseArguments(command, Deno.args);
  if (options === "help") return console.log(helpText(command));
  const {
    only,
    count,
    seed = crypto.getRandomValues(new Uint32Array(1))[0],
    jobs,
    state,
  } = options;
  if (jobs < 1) throw new UserError(`--jobs must be 1 or more, not ${jobs}`);
  const files = await listFiles();
  const index = new TestIndex(
    Deno.cwd(),
    files.filter((file) => file.endsWith(".ts")),
  );
  const all = await listMutants(only.split(","));
  const mutants = sample(all, count, seed);
  console.log(
    `${mutants.length} of ${all.length} breaks, --seed=${seed}`,
  );

  const known = readResults(state);
  Deno.mkdirSync(new URL(".", `file://${Deno.cwd()}/${state}`), {
    recursive: true,
  });
  const counts = { noticed: 0, hung: 0, equivalent: 0 };
  const survivors: Mutant[] = [];
  const seconds = new Map<string, number>();
  const queue = mutants.slice();
  const work = async () => {
    const workshop = new Workshop(files);
    const measure = async (test: string, webgpu: boolean) => {
      if (seconds.has(test)) return;
      const start = performance.now();
      const outcome = await workshop.test([test], { webgpu, seconds: 600 });
      if (outcome !== "survived") {
        throw new Error(`${test} fails without any break`);
      }
      seconds.set(test, (performance.now() - start) / 1000);
    };
    for (let mutant = queue.pop(); mutant; mutant = queue.pop()) {
      if (isEquivalent(mutant)) {
        counts.equivalent++;
        continue;
      }
      const key = await keyOf(mutant);
      let outcome = known.get(key) ?? "survived";
      if (outcome === "survived") {
        const tests = index.of(mutant.file);
        for (const test of tests) {
          await measure(test, mutant.file.includes("/webgpu/"));
        }
        outcome = await workshop.try(
          mutant,
          tests,
          (test) => seconds.get(test)!,
        );
        const result: Result = { key, outcome };
        Deno.writeTextFileSync(state, `${JSON.stringify(result)}\n`, {
          append: true,
        });
      }
      if (outcome === "survived") {
        survivors.push(mutant);
        console.log(`survived: ${describe(mutant)}`);
      } else {
        counts[outcome]++;
      }
    }
    Deno.removeSync(workshop.root, { recursive: true });
  };
  await Promise.all(Array.from({ length: jobs }, work));

  const tried = mutants.length - counts.equivalent;
  const share = tried ? 100 * survivors.length / tried : 0;
  console.log(
    `${counts.noticed} noticed, ${counts.hung} hung, ${survivors.length} survived ` +
      `(${share.toFixed(1)} %), ${counts.equivalent} equivalent`,
  );
}

await runProgram(main);
