/**
 * Prints the bytes of the process, without garbage, after 500 steps of a small model, when V8 has
 * compiled what it will, and after 1,000 more: the least of the next hundred steps each, because V8
 * keeps a varying number of empty pages.
 */
import { presetConfig, smallestSizes } from "../models.ts";
import { pretrainBriefly } from "./pretraining.ts";

const FIRST = 500;
const SECOND = FIRST + 1000;
const WINDOW = 100;

const steps = SECOND + WINDOW;
const config = presetConfig("dv2-tiny", {
  ...smallestSizes,
  steps,
  checkpoints: { every: steps },
});

const first: number[] = [];
const second: number[] = [];
await pretrainBriefly(config, (step) => {
  const readings = step >= SECOND ? second : first;
  if (step < FIRST || (step >= FIRST + WINDOW && step < SECOND)) return;
  (globalThis as unknown as { gc(): void }).gc();
  readings.push(Deno.memoryUsage().rss);
});
console.log(Math.min(...first));
console.log(Math.min(...second));
