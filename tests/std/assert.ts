/** The assertions of the standard library, from npm; the types beside it are those of `jsr:@std/assert`. */
// @ts-types="./assert_types.d.ts"
export * from "npm:deno-std@1.4.0/assert/mod.js";
