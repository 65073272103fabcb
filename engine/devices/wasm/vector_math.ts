import type { FunctionBody } from "./assembler.ts";

/**
 * Functions that WebAssembly has no instruction for, on four f32 at a time. Each takes the local
 * that holds its argument and leaves the result on the stack. Relative errors are the largest that
 * were measured over all exponents and both signs, denormals included;
 * `tests/engine/devices/elementary_functions_test.ts` holds them to it.
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

/** The exponential: `2^n` times a polynomial in the remainder (coefficients of Cephes expf). Relative error 7.2e-8. */
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

/** The natural logarithm (Cephes logf); minus infinity at 0, NaN below. Relative error 8.0e-8. */
export function emitLog(body: FunctionBody, x: number): void {
  // denormals are made normal: x = scaled 2^shift
  body.get(x).splatFloat(2 ** -126).op("f32x4.lt");
  const denormal = toLocal(body);
  body.get(x).splatFloat(2 ** 23).op("f32x4.mul").get(x).get(denormal)
    .op("v128.bitselect");
  const scaled = toLocal(body);
  body.get(denormal).splatFloat(-23).op("v128.and");
  const shift = toLocal(body);
  // scaled = mantissa 2^exponent with mantissa in [0.5, 1)
  body.get(scaled).i32(23).op("i32x4.shr_u").splatBits(126).op("i32x4.sub")
    .op("f32x4.convert_i32x4_s").get(shift).op("f32x4.add");
  const exponent = toLocal(body);
  body.get(scaled).splatBits(0x007fffff).op("v128.and").splatBits(0x3f000000)
    .op("v128.or");
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

/**
 * The hyperbolic tangent: x near 0, where the rest of its series is lost in rounding, else the quotient
 * of an odd and an even polynomial (coefficients of Eigen). Relative error 2.6e-7.
 */
export function emitTanh(body: FunctionBody, x: number): void {
  const limit = 7.90531110763549805;
  body.get(x).splatFloat(-limit).op("f32x4.pmax").splatFloat(limit).op(
    "f32x4.pmin",
  );
  const clamped = toLocal(body);
  body.get(clamped).get(clamped).op("f32x4.mul");
  const square = toLocal(body);
  body.get(x);
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
  body.get(x).op("f32x4.abs").splatFloat(4e-4).op("f32x4.lt");
  body.op("v128.bitselect");
}

/**
 * The error function: a polynomial near 0, else 1 less an exponential, both fitted for the largest
 * relative error (as in `engine/devices/webgpu/helpers.ts`): 8.6e-8.
 */
export function emitErf(body: FunctionBody, x: number): void {
  body.get(x).op("f32x4.abs");
  const magnitude = toLocal(body);
  body.get(x).get(x).op("f32x4.mul");
  const square = toLocal(body);
  polynomial(body, square, [
    -5.96761703e-4,
    4.99119423e-3,
    -2.67681349e-2,
    1.12819925e-1,
    -3.76125336e-1,
    1.28379166e-1,
  ]);
  body.multiplyAdd(x, () => body.get(x));
  // 1 - exp(magnitude * polynomial - magnitude)
  body.splatFloat(1);
  polynomial(body, magnitude, [
    -1.72853470e-5,
    3.83197126e-4,
    -3.88396438e-3,
    2.42546219e-2,
    -1.06777877e-1,
    -6.34846687e-1,
    -1.28717512e-1,
  ]);
  body.get(magnitude).op("f32x4.mul").get(magnitude).op("f32x4.sub");
  const exponent = toLocal(body);
  emitExp(body, exponent);
  body.op("f32x4.sub");
  body.get(x).splatBits(0x80000000).op("v128.and").op("v128.or");
  body.get(magnitude).splatFloat(0.927734375).op("f32x4.le");
  body.op("v128.bitselect");
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
