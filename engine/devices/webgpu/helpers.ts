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

  // x near 0, else a quotient of polynomials (coefficients of Eigen); relative error below 5e-7
  "rationalTanh(": `
fn rationalTanh(x: f32) -> f32 {
  let c = clamp(x, -7.90531110763549805f, 7.90531110763549805f);
  let s = c * c;
  let p = (((((-2.76076847742355e-16f * s + 2.00018790482477e-13f) * s - 8.60467152213735e-11f) * s
    + 5.12229709037114e-08f) * s + 1.48572235717979e-05f) * s + 6.37261928875436e-04f) * s + 4.89352455891786e-03f;
  let q = ((1.19825839466702e-06f * s + 1.18534705686654e-04f) * s + 2.26843463243900e-03f) * s + 4.89352518554385e-03f;
  return select(c * p / q, x, abs(x) < 4e-4f);
}`,

  // two polynomials fitted for the largest relative error (as in wasm/vector_math.ts)
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
