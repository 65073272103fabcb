import type { Draw } from "./draw.ts";

/** Sizes and counts at which programs go wrong. */
const NUMBERS = [
  0,
  1,
  0x7f,
  0x80,
  0xff,
  0x7fff,
  0xffff,
  0x7fffffff,
  0xffffffff,
];

type Mutation = (bytes: Uint8Array, draw: Draw) => Uint8Array;

const mutations: readonly Mutation[] = [
  // a bit
  (bytes, draw) => replaced(bytes, draw, (old) => [old ^ 1 << draw.below(8)]),
  // a byte
  (bytes, draw) => replaced(bytes, draw, () => [draw.below(256)]),
  // a number of four bytes, either end first
  (bytes, draw) => {
    const number = draw.of(NUMBERS);
    const digits = [0, 8, 16, 24].map((shift) => number >>> shift & 255);
    const ordered = draw.below(2) === 0 ? digits : digits.reverse();
    return replaced(bytes, draw, () => ordered);
  },
  // the end cut off
  (bytes, draw) => bytes.slice(0, draw.below(bytes.length)),
  // a part left out
  (bytes, draw) => {
    const [start, end] = part(bytes, draw);
    return joined(bytes.subarray(0, start), bytes.subarray(end));
  },
  // a part twice
  (bytes, draw) => {
    const [start, end] = part(bytes, draw);
    return joined(bytes.subarray(0, end), bytes.subarray(start));
  },
  // a part somewhere else
  (bytes, draw) => {
    const [start, end] = part(bytes, draw);
    const result = bytes.slice();
    const room = bytes.length - (end - start);
    result.set(bytes.subarray(start, end), draw.below(room + 1));
    return result;
  },
];

/** One to four random changes of a file. */
export function mutateBytes(bytes: Uint8Array, draw: Draw): Uint8Array {
  let result = bytes;
  for (let i = draw.below(4); i >= 0 && result.length > 0; i--) {
    result = draw.of(mutations)(result, draw);
  }
  return result;
}

function replaced(
  bytes: Uint8Array,
  draw: Draw,
  change: (old: number) => readonly number[],
): Uint8Array {
  const result = bytes.slice();
  const position = draw.below(bytes.length);
  const values = change(bytes[position]);
  result.set(values.slice(0, bytes.length - position), position);
  return result;
}

function part(bytes: Uint8Array, draw: Draw): [number, number] {
  const start = draw.below(bytes.length);
  return [start, start + 1 + draw.below(Math.min(64, bytes.length - start))];
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const result = new Uint8Array(first.length + second.length);
  result.set(first);
  result.set(second, first.length);
  return result;
}
