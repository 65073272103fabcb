import { uniformFloat32 } from "pure-rand/distribution/uniformFloat32";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { philox } from "../engine/ops/random.ts";

/** Seed of all random inputs of the tests: fresh at every run, unless `DV2_TEST_SEED` sets it. */
export const seed: number = readSeed();

let generator = xoroshiro128plus(seed);

function readSeed(): number {
  const text = Deno.env.get("DV2_TEST_SEED");
  if (text === undefined) return crypto.getRandomValues(new Uint32Array(1))[0];
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new Error(`DV2_TEST_SEED must be a whole number, not ${text}`);
}

/**
 * Runs a test with random numbers that depend on the seed and its name alone, and names the seed if
 * it fails, so that it can be run again by itself.
 */
export async function withSeed(
  name: string,
  test: () => void | Promise<void>,
): Promise<void> {
  const nameHash = [...name].reduce(
    (hash, letter) => Math.imul(hash ^ letter.codePointAt(0)!, 0x01000193),
    0x811c9dc5,
  );
  generator = xoroshiro128plus(philox(seed, 0, 0, nameHash));
  try {
    await test();
  } catch (error) {
    if (error instanceof Error) {
      error.message += `\n(to repeat: DV2_TEST_SEED=${seed})`;
    }
    throw error;
  }
}

/** A uniform number in [low, high). */
export function randomNumber(low = -1, high = 1): number {
  return low + (high - low) * uniformFloat32(generator);
}

/** Uniform numbers in [low, high). */
export function randomArray(
  size: number,
  low = -1,
  high = 1,
): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: size }, () => randomNumber(low, high));
}

/** Uniform bytes. */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  // the high bits are the good ones
  return Uint8Array.from({ length }, () => generator.next() >>> 24);
}

/** A whole number from 0 to 2³² - 1. */
export function randomWord(): number {
  return Math.floor(randomNumber(0, 2 ** 32));
}

/** Registers a test with random numbers of its own; see {@linkcode withSeed}. */
export function testWithSeed(
  name: string,
  test: (context: Deno.TestContext) => void | Promise<void>,
): void {
  Deno.test(name, (context) => withSeed(name, () => test(context)));
}
