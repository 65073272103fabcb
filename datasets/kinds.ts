/**
 * The kinds of data set, one line each; the name is the one in the options. Each file is a
 * `DatasetKind` with a strict `schema` of its options.
 */
export * as cifar10 from "./cifar10.ts";
export * as folder from "./folder.ts";
export * as stl10 from "./stl10.ts";
export * as synthetic from "./synthetic.ts";
