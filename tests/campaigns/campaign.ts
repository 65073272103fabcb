import { parseArgs } from "@std/cli/parse-args";
import type { Workshop } from "./workshop.ts";

/** What a person asks of a campaign. */
export interface CampaignOptions {
  /** Gives everything that is drawn. */
  readonly seed: number;
  /** When it ends, by `performance.now()`. */
  readonly end: number;
  /** Whether something of a name, a command or a target, is to be tried. */
  isChosen(named: { readonly name: string }): boolean;
}

/** Reads the options of a campaign and prints its seed; `--help` prints the help and ends. */
export function readOptions(help: string): CampaignOptions {
  const { help: isAsked, minutes, seed: given, only } = parseArgs(Deno.args, {
    boolean: ["help"],
    string: ["minutes", "seed", "only"],
  });
  if (isAsked) {
    console.log(help);
    Deno.exit();
  }
  const names = only === undefined ? undefined : String(only).split(",");
  const seed = Number(given ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  console.log(`--seed=${seed}`);
  return {
    seed,
    end: performance.now() + 60_000 * Number(minutes ?? 10),
    isChosen: ({ name }) => names?.includes(name) ?? true,
  };
}

/** What a campaign finds. */
export class Findings {
  readonly #counts: Record<string, Record<string, number>> = {};
  #problems = 0;

  /** Takes note of something that happened to a command, so many times. */
  count(command: string, what: string, times = 1): void {
    const counts = this.#counts[command] ??= {};
    counts[what] = (counts[what] ?? 0) + times;
  }

  /**
   * Takes note of a failure.
   *
   * @param folder Where to keep the files.
   */
  report(workshop: Workshop, folder: string, problem: string): void {
    this.#problems++;
    workshop.keep(folder);
    console.log(`${folder}: ${problem}`);
  }

  /** Prints the counts; the program will end with 1 if there were failures. */
  finish(): void {
    console.table(this.#counts);
    console.log(`${this.#problems} failures`);
    if (this.#problems > 0) Deno.exitCode = 1;
  }
}
