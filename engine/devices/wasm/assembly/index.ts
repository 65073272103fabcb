// The hand-written kernels of the WebAssembly device, in AssemblyScript. Addresses and sizes in
// bytes are `usize`; counts are `i32`. Every kernel does the part of its work that the last
// arguments name, so that threads can share it.
export { barrier } from "./barrier";
export { setScratch } from "./scratch";
export { matmul } from "./matmul";
export { convolution, inputGradient, weightGradient } from "./convolution";
export { pool, poolGradient } from "./pooling";
export { copyBytes, gather, scatterAdd, sumParts, touchPages, zeroBytes } from "./indexing";
