import { INFINITY } from "./shader.ts";

/** The functions and variables that `code` uses and WGSL lacks. */
export function helpersOf(code: string): string {
  const used = Object.keys(helpers).filter((word) => code.includes(word));
  return used.map((word) => helpers[word]).join("\n");
}

const helpers: Readonly<Record<string, string>> = {
  "infinity": INFINITY,

  // Philox 2x32-10, the 64-bit product in halves of 16 bits
  "random(": `
fn random(seed: u32, counter: u32, step: u32) -> f32 {
  var key = seed;
  var low = counter;
  var high = step;
  for (var round = 0u; round < 10u; round++) {
    let a0 = low & 0xffffu;
    let a1 = low >> 16u;
    let cross = a1 * 0xd193u + ((a0 * 0xd193u) >> 16u);
    let middle = a0 * 0xd256u + (cross & 0xffffu);
    let product = a1 * 0xd256u + (cross >> 16u) + (middle >> 16u);
    let next = low * 0xd256d193u;
    low = product ^ key ^ high;
    high = next;
    key += 0x9e3779b9u;
  }
  return f32(low >> 8u) * 0x1p-24f;
}`,

  // two polynomials fitted to minimise the largest error, below 1e-7 everywhere
  "erf(": `
fn erf(x: f32) -> f32 {
  let t = abs(x);
  let s = x * x;
  if (t > 0.927734375f) {
    let r = (-1.72853470e-5f * t + 3.83197126e-4f) * s + (-3.88396438e-3f * t + 2.42546219e-2f);
    let q = ((r * t - 1.06777877e-1f) * t - 6.34846687e-1f) * t - 1.28717512e-1f;
    return sign(x) * (1f - exp(q * t - t));
  }
  let r = ((-5.96761703e-4f * s + 4.99119423e-3f) * s - 2.67681349e-2f) * s + 1.12819925e-1f;
  return ((r * s - 3.76125336e-1f) * s + 1.28379166e-1f) * x + x;
}`,
};
