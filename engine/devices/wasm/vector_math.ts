import type { FunctionBody } from "./assembler.ts";

/**
 * Functions that WebAssembly has no instruction for, on four f32 at a time. Each takes the local
 * that holds its argument and leaves the result on the stack. Errors are a few units in the last
 * place unless said otherwise.
 */

/** Pushes a polynomial in local `x`; coefficients from the highest power down. */
function polynomial(
  body: FunctionBody,
  x: number,
  coefficients: readonly number[],
): void {
  body.splatFloat(coefficients[0]);
  for (const coefficient of coefficients.slice(1)) {
    body.multiplyAdd(x, () => body.splatFloat(coefficient));
  }
}

/** Moves the vector on the stack into a new local. */
function toLocal(body: FunctionBody): number {
  const local = body.local("v128");
  body.set(local);
  return local;
}

/** Pushes `2^n` as f32 for the i32 in local `n`, -126 to 127. */
function powerOfTwo(body: FunctionBody, n: number): void {
  body.get(n).splatBits(127).op("i32x4.add").i32(23).op("i32x4.shl");
}

/** The exponential: `2^n` times a polynomial in the remainder (coefficients of Cephes expf). */
export function emitExp(body: FunctionBody, x: number): void {
  body.get(x).splatFloat(-104).op("f32x4.pmax").splatFloat(89).op(
    "f32x4.pmin",
  );
  const clamped = toLocal(body);
  body.get(clamped).splatFloat(Math.LOG2E).op("f32x4.mul").op(
    "f32x4.nearest",
  );
  const n = toLocal(body);
  body.get(clamped)
    .get(n).splatFloat(0.693359375).op("f32x4.mul").op("f32x4.sub")
    .get(n).splatFloat(-2.12194440e-4).op("f32x4.mul").op("f32x4.sub");
  const r = toLocal(body);
  polynomial(body, r, [
    1.9875691500e-4,
    1.3981999507e-3,
    8.3334519073e-3,
    4.1665795894e-2,
    1.6666665459e-1,
    5.0000001201e-1,
    1,
    1,
  ]);
  // the power in two halves, so that neither leaves the range of the exponent
  body.get(n).op("i32x4.trunc_sat_f32x4_s");
  const whole = toLocal(body);
  body.get(whole).i32(1).op("i32x4.shr_s");
  const half = toLocal(body);
  body.get(whole).get(half).op("i32x4.sub");
  const rest = toLocal(body);
  powerOfTwo(body, half);
  body.op("f32x4.mul");
  powerOfTwo(body, rest);
  body.op("f32x4.mul");
}

/** The natural logarithm (Cephes logf); minus infinity at 0, NaN below. */
export function emitLog(body: FunctionBody, x: number): void {
  // x = m 2^e with m in [0.5, 1)
  body.get(x).i32(23).op("i32x4.shr_u").splatBits(126).op("i32x4.sub").op(
    "f32x4.convert_i32x4_s",
  );
  const exponent = toLocal(body);
  body.get(x).splatBits(0x007fffff).op("v128.and").splatBits(0x3f000000).op(
    "v128.or",
  );
  const mantissa = toLocal(body);
  body.get(mantissa).splatFloat(Math.SQRT1_2).op("f32x4.lt");
  const small = toLocal(body);
  // m < sqrt(1/2): e - 1 and 2m - 1; else e and m - 1
  body.get(exponent).splatFloat(1).get(small).op("v128.and").op(
    "f32x4.sub",
  );
  const e = toLocal(body);
  body.get(mantissa).get(mantissa).get(small).op("v128.and").op("f32x4.add")
    .splatFloat(1).op("f32x4.sub");
  const r = toLocal(body);
  body.get(r).get(r).op("f32x4.mul");
  const square = toLocal(body);
  polynomial(body, r, [
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
  ]);
  body.get(r).op("f32x4.mul").get(square).op("f32x4.mul")
    .get(e).splatFloat(-2.12194440e-4).op("f32x4.mul").op("f32x4.add")
    .get(square).splatFloat(0.5).op("f32x4.mul").op("f32x4.sub")
    .get(r).op("f32x4.add")
    .get(e).splatFloat(0.693359375).op("f32x4.mul").op("f32x4.add");
  const finite = toLocal(body);
  // infinity and NaN pass through; 0 gives minus infinity; below 0 gives NaN
  body.get(x);
  body.get(finite);
  body.get(x).splatFloat(Infinity).op("f32x4.eq").get(x).get(x).op(
    "f32x4.ne",
  ).op("v128.or");
  body.op("v128.bitselect");
  const positive = toLocal(body);
  body.splatFloat(-Infinity).get(positive).get(x).splatFloat(0).op("f32x4.eq")
    .op("v128.bitselect");
  const nonNegative = toLocal(body);
  body.splatFloat(NaN).get(nonNegative).get(x).splatFloat(0).op("f32x4.lt")
    .op("v128.bitselect");
}

/** The hyperbolic tangent: the quotient of an odd and an even polynomial (coefficients of Eigen). */
export function emitTanh(body: FunctionBody, x: number): void {
  const limit = 7.90531110763549805;
  body.get(x).splatFloat(-limit).op("f32x4.pmax").splatFloat(limit).op(
    "f32x4.pmin",
  );
  const clamped = toLocal(body);
  body.get(clamped).get(clamped).op("f32x4.mul");
  const square = toLocal(body);
  polynomial(body, square, [
    -2.76076847742355e-16,
    2.00018790482477e-13,
    -8.60467152213735e-11,
    5.12229709037114e-08,
    1.48572235717979e-05,
    6.37261928875436e-04,
    4.89352455891786e-03,
  ]);
  body.get(clamped).op("f32x4.mul");
  polynomial(body, square, [
    1.19825839466702e-06,
    1.18534705686654e-04,
    2.26843463243900e-03,
    4.89352518554385e-03,
  ]);
  body.op("f32x4.div");
}

/** The error function to 1.5e-7 (Abramowitz and Stegun 7.1.26). */
export function emitErf(body: FunctionBody, x: number): void {
  body.get(x).op("f32x4.abs");
  const magnitude = toLocal(body);
  body.splatFloat(1)
    .get(magnitude).splatFloat(0.3275911).op("f32x4.mul").splatFloat(1).op(
      "f32x4.add",
    )
    .op("f32x4.div");
  const t = toLocal(body);
  body.get(x).get(x).op("f32x4.mul").op("f32x4.neg");
  const exponent = toLocal(body);
  emitExp(body, exponent);
  const gaussian = toLocal(body);
  body.splatFloat(1);
  polynomial(body, t, [
    1.061405429,
    -1.453152027,
    1.421413741,
    -0.284496736,
    0.254829592,
  ]);
  body.get(t).op("f32x4.mul").get(gaussian).op("f32x4.mul").op(
    "f32x4.sub",
  );
  // the sign of x
  body.get(x).splatBits(0x80000000).op("v128.and").op("v128.or");
}

/** Even and odd words of two vectors of 64-bit products: their low and high halves. */
const lowWords = [0, 8, 16, 24].flatMap((
  byte,
) => [byte, byte + 1, byte + 2, byte + 3]);
const highWords = [4, 12, 20, 28].flatMap((
  byte,
) => [byte, byte + 1, byte + 2, byte + 3]);

/**
 * A uniform number in [0, 1) for each of four counters: Philox 2x32-10, as `philox` in
 * `engine/ops/random.ts`. `step` and `seed` are locals that hold the same value four times.
 */
export function emitUniform(
  body: FunctionBody,
  counter: number,
  step: number,
  seed: number,
  stream: number,
): void {
  const key = body.local("v128");
  const low = body.local("v128");
  const high = body.local("v128");
  const evenProducts = body.local("v128");
  const oddProducts = body.local("v128");
  body.get(seed).splatBits(Math.imul(stream + 1, 0x9e3779b9)).op("v128.xor")
    .set(key);
  body.get(counter).set(low);
  body.get(step).set(high);
  for (let round = 0; round < 10; round++) {
    body.get(low).splatBits(0xd256d193).op("i64x2.extmul_low_i32x4_u").set(
      evenProducts,
    );
    body.get(low).splatBits(0xd256d193).op("i64x2.extmul_high_i32x4_u").set(
      oddProducts,
    );
    body.get(evenProducts).get(oddProducts).shuffle(highWords)
      .get(key).op("v128.xor").get(high).op("v128.xor").set(low);
    body.get(evenProducts).get(oddProducts).shuffle(lowWords).set(high);
    body.get(key).splatBits(0x9e3779b9).op("i32x4.add").set(key);
  }
  body.get(low).i32(8).op("i32x4.shr_u").op("f32x4.convert_i32x4_s")
    .splatFloat(2 ** -24).op("f32x4.mul");
}
