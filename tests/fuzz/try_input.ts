import { cpuUsage } from "node:process";
import { UserError } from "../../engine/user_error.ts";
import { Draw } from "./draw.ts";
import type { Target } from "./target.ts";

/** A message is to be read: it may list mistakes, but not print the file. */
const MAX_MESSAGE = 4000;

/** The file that a seed and a number give. */
export function inputOf(
  target: Target,
  seed: number,
  input: number,
): Uint8Array {
  const draw = new Draw(seed, input);
  return target.mutate(draw.of(target.files), draw);
}

/**
 * Lets a target read a broken file.
 *
 * @param folder An empty one, which it leaves empty: making another for each input would take most of
 * the time on many file systems.
 * @param limit Milliseconds of the processors' time that it may take: what a busy machine adds by
 * waiting is not its.
 * @returns What was wrong with how it took it; `undefined` where it gave the right answer or a
 * sentence.
 */
export async function tryInput(
  target: Target,
  file: Uint8Array,
  folder: string,
  limit: number,
): Promise<string | undefined> {
  const start = cpuUsage();
  try {
    await target.read(file, folder);
  } catch (error) {
    const problem = problemOf(error);
    if (problem !== undefined) return problem;
  } finally {
    empty(folder);
  }
  const { user, system } = cpuUsage(start);
  const taken = (user + system) / 1000;
  return taken > limit ? `it took ${taken.toFixed(0)} ms` : undefined;
}

function empty(folder: string): void {
  for (const { name } of Deno.readDirSync(folder)) {
    Deno.removeSync(`${folder}/${name}`, { recursive: true });
  }
}

function problemOf(error: unknown): string | undefined {
  if (!(error instanceof UserError)) {
    return error instanceof Error ? error.stack : `it threw ${error}`;
  }
  const { message } = error;
  if (message === "" || message.length > MAX_MESSAGE) {
    return `its message has ${message.length} characters`;
  }
  // deno-lint-ignore no-control-regex
  return /[\x00-\x09\x0b-\x1f]|\n(?! )/.test(message)
    ? `its message is no sentence: ${JSON.stringify(message)}`
    : undefined;
}
