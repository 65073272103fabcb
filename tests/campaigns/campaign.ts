import { UserError } from "../../engine/user_error.ts";
import {
  type Command,
  helpText,
  parseArguments,
} from "../../train/cli/arguments.ts";
import { onInterrupt, runProgram } from "../../train/cli/run_program.ts";
import type { Workshop } from "./workshop.ts";

const MINUTE_MS = 60_000;

/** What a person asks of a campaign. */
export interface CampaignOptions {
  /** Gives everything that is drawn. */
  readonly seed: number;
  /** When it ends, by `performance.now()`. */
  readonly end: number;
  /** Aborted when a person stops it, and with it the command under way: it prints what it has found. */
  readonly interrupt: AbortSignal;
  /**
   * Those of all commands or targets that are to be tried.
   *
   * @throws {UserError} if a name was given that none has.
   */
  choose<T extends { readonly name: string }>(all: readonly T[]): T[];
}

/** For how long a campaign draws what. */
export const budgetOptions = {
  minutes: {
    kind: "number",
    value: "N",
    default: 10,
    help: "how long, at most",
  },
  seed: {
    kind: "integer",
    value: "N",
    help: "of what is drawn; by default another one each time",
  },
} as const satisfies Command["options"];

/** Runs a campaign with the options of the command line, and prints its seed. */
export async function runCampaign(
  { name, help }: { readonly name: string; readonly help: string },
  main: (options: CampaignOptions) => Promise<void>,
): Promise<never> {
  const command = {
    usage: `deno task ${name}`,
    help,
    options: {
      ...budgetOptions,
      only: {
        kind: "text",
        value: "NAMES",
        help: "what to try, separated by commas; by default all",
      },
    },
    examples: [`deno task ${name} --minutes 60`],
  } as const satisfies Command;
  return await runProgram(async () => {
    const options = parseArguments(command, Deno.args);
    if (options === "help") return console.log(helpText(command));
    const {
      minutes,
      seed = crypto.getRandomValues(new Uint32Array(1))[0],
      only,
    } = options;
    if (minutes < 0) {
      throw new UserError(`--minutes must not be negative, but is ${minutes}`);
    }
    const interrupt = onInterrupt();
    console.log(`--seed=${seed}`);
    try {
      await main({
        seed,
        end: performance.now() + MINUTE_MS * minutes,
        interrupt,
        choose: (all) => choose(all, only?.split(",")),
      });
    } catch (error) {
      // Ctrl-C stopped a command under way too
      throw interrupt.aborted ? interrupt.reason : error;
    }
  });
}

function choose<T extends { readonly name: string }>(
  all: readonly T[],
  only: readonly string[] = all.map(({ name }) => name),
): T[] {
  return only.map((wanted) => {
    const found = all.find(({ name }) => name === wanted);
    if (found) return found;
    const names = all.map(({ name }) => name).join(", ");
    throw new UserError(`--only: there is no ${wanted}, only ${names}`);
  });
}

/** Prints once a minute how much has been tried. */
export class MinuteReport {
  #printedAt = performance.now();

  /** Counts `what`. */
  constructor(private readonly what: string) {}

  /** To be called with how many have been tried. */
  update(count: number): void {
    if (performance.now() < this.#printedAt + MINUTE_MS) return;
    this.#printedAt = performance.now();
    console.log(`${count} ${this.what}`);
  }
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
