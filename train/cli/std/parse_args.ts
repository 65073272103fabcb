/** The argument parser of the standard library, from npm; the types beside it are those of `jsr:@std/cli/parse-args`. */
// @ts-types="./parse_args_types.d.ts"
export * from "npm:deno-std@1.4.0/cli/parse_args.js";
