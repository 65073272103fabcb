/** The kinds of encoder, a line each: an `EncoderKind` under the `name` in its options. */
export { resnet } from "../../layers/resnet.ts";
