/** The kinds of data set, a line each: a `DatasetKind` under the `name` in its options. */
export { cifar10 } from "./cifar10.ts";
export { folder } from "./folder.ts";
export { stl10 } from "./stl10.ts";
export { synthetic } from "./synthetic.ts";
