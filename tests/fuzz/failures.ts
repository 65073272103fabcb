import type { Note } from "./follow_thread.ts";
import type { Target } from "./target.ts";
import { inputOf } from "./try_input.ts";

const FOLDER = "runs/fuzz";

/** What a campaign finds: one file for each kind of problem. */
export class Failures {
  readonly #kinds = new Set<string>();

  /** Of targets whose files `seed` gives. */
  constructor(
    private readonly targets: readonly Target[],
    private readonly seed: number,
  ) {}

  /** Takes note of what is wrong with an input; of the first of each kind, keeps the file. */
  keep({ target: name, input }: Note, problem: string): void {
    const kind = name + problem.replace(/\d+/g, "");
    if (this.#kinds.has(kind)) return;
    this.#kinds.add(kind);
    const target = this.targets.find((target) => target.name === name)!;
    const path = `${FOLDER}/${name}-${this.seed}-${input}`;
    Deno.mkdirSync(FOLDER, { recursive: true });
    Deno.writeFileSync(path, inputOf(target, this.seed, input));
    console.log(`${path}: ${problem}`);
  }

  /** Prints how many there were of so many inputs; the program will end with 1 if there were any. */
  finish(inputs: number): void {
    console.log(
      `${inputs} inputs of each target, ${this.#kinds.size} kinds of failure`,
    );
    if (this.#kinds.size > 0) Deno.exitCode = 1;
  }
}
