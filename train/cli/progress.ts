// Not a library, as those on npm draw a bar of fixed width, print nothing suited to files, and install
// signal handlers.

import { writeToErrorStream } from "./output.ts";

/** Where progress is shown. */
export interface ProgressOutput {
  /** Writes text as it is. */
  write(text: string): void;
  /**
   * Width in characters; `undefined` where lines cannot be drawn over, as in a file, and 0 on a
   * terminal that does not know it.
   */
  columns(): number | undefined;
  /** A clock in milliseconds. */
  now(): number;
}

/** What is to be shown. */
export interface ProgressOptions {
  /** Number of steps in all. */
  readonly total: number;
  /** Number of steps done before; 0 by default. */
  readonly start?: number;
  /** What is counted; `steps` by default. */
  readonly unit?: string;
  /** Where to show it; the error stream by default. */
  readonly output?: ProgressOutput;
}

const REDRAW_MS = 100;
const LINE_MS = 10_000;
/** In the rate, what lies this far back is weighted by 1/e. */
const RATE_MEMORY_MS = 15_000;
const MIN_BAR = 6;
const MAX_BAR = 40;
/** More parts than this are shown only where there is room for a bar too. */
const MAX_WITHOUT_BAR = 5;
const GAP = "  ";
const ERASE_TO_END = "\x1b[K";

/** The error stream, drawn over where it is a terminal. */
export const errorStream: ProgressOutput = {
  write: writeToErrorStream,
  columns: () =>
    Deno.stderr.isTerminal() ? Deno.consoleSize().columns : undefined,
  now: () => performance.now(),
};

/**
 * Shows how far a program has come: steps, rate, time left and a few values. On a terminal it is
 * one line, drawn over up to ten times a second; elsewhere a line every ten seconds and at the end.
 */
export class Progress {
  #total: number;
  #unit: string;
  #output: ProgressOutput;
  #step: number;
  #values: Readonly<Record<string, number | string>> = {};
  #updatedAt: number;
  #shownAt: number;
  #shownStep?: number;
  #recentSteps = 0;
  #recentMs = 0;

  /** Begins to count time; shows nothing yet. */
  constructor(
    { total, start = 0, unit = "steps", output = errorStream }: ProgressOptions,
  ) {
    this.#total = total;
    this.#unit = unit;
    this.#output = output;
    this.#step = start;
    this.#updatedAt = output.now();
    this.#shownAt = this.#updatedAt;
  }

  /**
   * Records progress and shows it when due.
   *
   * @param step Number of steps done.
   * @param values What to show beside it, such as the loss.
   */
  update(
    step: number,
    values: Readonly<Record<string, number | string>>,
  ): void {
    const now = this.#output.now();
    const elapsed = now - this.#updatedAt;
    const memory = Math.exp(-elapsed / RATE_MEMORY_MS);
    this.#recentSteps = this.#recentSteps * memory + step - this.#step;
    this.#recentMs = this.#recentMs * memory + elapsed;
    this.#updatedAt = now;
    this.#step = step;
    this.#values = values;
    const onTerminal = this.#columns() !== undefined;
    const due = this.#shownAt + (onTerminal ? REDRAW_MS : LINE_MS);
    if (now >= due) this.#show();
  }

  /** Prints a line of text above the progress. */
  print(text: string): void {
    const onTerminal = this.#columns() !== undefined;
    this.#output.write(
      onTerminal ? `\r${text}${ERASE_TO_END}\n` : `${text}\n`,
    );
    if (onTerminal) this.#show();
  }

  /** Shows the last state, unless its line was printed already, and ends its line. */
  finish(): void {
    const onTerminal = this.#columns() !== undefined;
    if (onTerminal || this.#shownStep !== this.#step) this.#show();
    if (onTerminal) this.#output.write("\n");
  }

  /** Width of the line that is drawn over; `undefined` where there is none. */
  #columns(): number | undefined {
    return this.#output.columns() || undefined;
  }

  #show(): void {
    this.#shownAt = this.#output.now();
    this.#shownStep = this.#step;
    const columns = this.#columns();
    const parts = this.#parts();
    this.#output.write(
      columns === undefined
        ? `${parts.join(GAP)}\n`
        : `\r${this.#fit(parts, columns - 1)}${ERASE_TO_END}`,
    );
  }

  #parts(): string[] {
    const parts = [`${this.#step}/${this.#total}`];
    const rate = 1000 * this.#recentSteps / this.#recentMs;
    if (rate > 0) {
      const secondsLeft = (this.#total - this.#step) / rate;
      parts.push(
        `${formatNumber(rate, 3)} ${this.#unit}/s`,
        `${formatDuration(secondsLeft)} left`,
      );
    }
    for (const [name, value] of Object.entries(this.#values)) {
      const text = typeof value === "string" ? value : formatNumber(value, 3);
      parts.push(`${name} ${text}`);
    }
    return parts;
  }

  /** The leading parts that fit `width` characters behind a bar, which takes precedence over the last ones. */
  #fit(parts: readonly string[], width: number): string {
    const text = parts.join(GAP);
    const room = Math.min(width - `[]${GAP}${text}`.length, MAX_BAR);
    if (room < MIN_BAR) {
      if (text.length <= width && parts.length <= MAX_WITHOUT_BAR) return text;
      return parts.length > 1
        ? this.#fit(parts.slice(0, -1), width)
        : text.slice(0, width);
    }
    const filled = Math.round(room * Math.min(this.#step / this.#total, 1));
    return `[${"=".repeat(filled)}${" ".repeat(room - filled)}]${GAP}${text}`;
  }
}

/**
 * Writes a duration with its two largest units, such as `1m 23s`, `2h 5m` or `45s`.
 *
 * @param seconds At least 0; rounded to whole seconds.
 */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const parts = [
    [Math.floor(whole / 86400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "m"],
    [whole % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count !== 0);
  if (first === -1) return "0s";
  return parts.slice(first, first + 2).map((part) => part.join("")).join(" ");
}

/** A fixed number of significant digits, so that the line keeps its width. */
function formatNumber(value: number, digits: number): string {
  return Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(digits);
}
