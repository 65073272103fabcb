/** The part of `jsr:@std/assert` in use here, for the plain JavaScript that `assert.ts` re-exports. */

/** A class whose instances are of type `T`. */
export type Constructor<T> = abstract new (...args: never[]) => T;

/** Thrown by every assertion that fails. */
export class AssertionError extends Error {}

/** Asserts that the expression is truthy. */
export function assert(
  expression: unknown,
  message?: string,
): asserts expression;

/** Asserts that the expression is falsy. */
export function assertFalse(
  expression: unknown,
  message?: string,
): asserts expression is false;

/** Asserts that two values are equal, deeply. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void;

/** Asserts that two values differ, deeply. */
export function assertNotEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void;

/** Asserts that two values are the same by `Object.is`. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  message?: string,
): asserts actual is T;

/** Asserts that two numbers differ by at most `tolerance` (absolute; by default 1e-7 of the larger magnitude). */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  message?: string,
): void;

/** Asserts that a value is neither `null` nor `undefined`. */
export function assertExists<T>(
  actual: T,
  message?: string,
): asserts actual is NonNullable<T>;

/** Asserts that a value is an instance of a class. */
export function assertInstanceOf<T>(
  actual: unknown,
  expectedType: Constructor<T>,
  message?: string,
): asserts actual is T;

/** Asserts `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, message?: string): void;

/** Asserts that a string matches a pattern. */
export function assertMatch(
  actual: string,
  expected: RegExp,
  message?: string,
): void;

/** Asserts that a string contains another. */
export function assertStringIncludes(
  actual: string,
  expected: string,
  message?: string,
): void;

/** Asserts that a function throws; returns what it threw. */
export function assertThrows(fn: () => unknown, message?: string): unknown;
/** Asserts that a function throws an error of a class; returns the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass: Constructor<E>,
  messageIncludes?: string,
  message?: string,
): E;

/** Asserts that a promise is rejected; resolves to the reason. */
export function assertRejects(
  fn: () => PromiseLike<unknown>,
  message?: string,
): Promise<unknown>;
/** Asserts that a promise is rejected with an error of a class; resolves to the error. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass: Constructor<E>,
  messageIncludes?: string,
  message?: string,
): Promise<E>;

/** Whether two values are equal, deeply. */
export function equal(a: unknown, b: unknown): boolean;

/** Fails. */
export function fail(message?: string): never;
