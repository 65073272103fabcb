import { z } from "zod";
import { maxPool } from "../engine/ops/pooling.ts";
import { add, relu } from "../engine/ops/elementwise.ts";
import type { Tensor } from "../engine/graph/tensor.ts";
import type { Context } from "./context.ts";
import { Convolution } from "./convolution.ts";
import type { Encoder, EncoderKind, MapLayer } from "./encoder.ts";
import { BatchNorm, BatchNormRelu } from "./norm.ts";

/** Settings of a residual network; the defaults are the paper's (section 4.1). */
export interface ResNetOptions {
  /**
   * 10: basic blocks (1-1-1-1); 14: bottlenecks (1-1-1-1); 18: basic blocks (2-2-2-2); 26: bottlenecks
   * (2-2-2-2); 50, the default: bottlenecks (3-4-6-3).
   */
  readonly depth: ResNetDepth;
  /** Multiplies all numbers of channels, which are rounded to multiples of 8: 1/16 to 4, 1 by default. */
  readonly width: number;
  /** The first convolution, and what follows it; `imagenet` by default. */
  readonly stem: StemName;
}

/** The number of layers with weights, as usual without the shortcuts and with a classifier. */
export type ResNetDepth = 10 | 14 | 18 | 26 | 50;

/** The first layer of a residual network. */
export interface Stem {
  /** Height and width of its convolution. */
  readonly size: number;
  /** Stride of its convolution. */
  readonly stride: number;
  /** Whether 3x3 max pooling with stride 2 follows. */
  readonly pooled: boolean;
}

/** The name of a stem; `small` is for small images, `strided` for small ones in a quarter of the time. */
export type StemName = "imagenet" | "small" | "strided";

/** The stems by name. */
export const stems: Readonly<Record<StemName, Stem>> = {
  imagenet: { size: 7, stride: 2, pooled: true },
  small: { size: 3, stride: 1, pooled: false },
  strided: { size: 3, stride: 2, pooled: false },
};

/** Settings of a residual network as the encoder. */
export interface ResNetEncoderOptions extends ResNetOptions {
  /** Its name in the registry. */
  readonly name: "resnet";
}

const STAGES = 4;
/** The last stage would reduce a patch to a single cell. */
const PATCH_STAGES = 3;

/** ResNet-v2, the paper's encoder. */
export const resnet: EncoderKind<ResNetEncoderOptions> = {
  schema: z.strictObject({
    name: z.literal("resnet"),
    depth: z.literal([10, 14, 18, 26, 50]).default(50),
    width: z.number().min(0.0625).max(4).default(1),
    stem: z.enum(["imagenet", "small", "strided"]).default("imagenet"),
  }),
  describe: ({ depth, width }) => `ResNet-${depth} of width ${width}`,
  create: (options, input) =>
    new ResNet(options, input === "images" ? STAGES : PATCH_STAGES),
};

/** What each depth has in its four stages. */
const layouts: Readonly<
  Record<ResNetDepth, { blocks: readonly number[]; bottleneck: boolean }>
> = {
  10: { blocks: [1, 1, 1, 1], bottleneck: false },
  14: { blocks: [1, 1, 1, 1], bottleneck: true },
  18: { blocks: [2, 2, 2, 2], bottleneck: false },
  26: { blocks: [2, 2, 2, 2], bottleneck: true },
  50: { blocks: [3, 4, 6, 3], bottleneck: true },
};
const BOTTLENECK_EXPANSION = 4;

/** Channels of the stem (`res1`) and of each of the four stages (`res2` to `res5`). */
export function resNetChannels(
  { depth, width }: Pick<ResNetOptions, "depth" | "width">,
): number[] {
  const scaled = (channels: number) =>
    Math.max(8, Math.round(channels * width / 8) * 8);
  const expansion = layouts[depth].bottleneck ? BOTTLENECK_EXPANSION : 1;
  return [
    scaled(64),
    ...[64, 128, 256, 512].map((channels) => scaled(channels) * expansion),
  ];
}

/** A pre-activation residual block (He et al. 2016, "Identity mappings"). */
export class Block {
  /** The normalisation before each convolution. */
  readonly norms: readonly BatchNorm[];
  /** The convolutions in order: two, or three in a bottleneck. */
  readonly convolutions: readonly Convolution[];
  /** Projects the input to the shape of the output; absent where they are equal. */
  readonly shortcut?: Convolution;

  /** A block of two 3x3 convolutions, or with `bottleneck` of 1x1, 3x3 and 1x1. */
  constructor(
    inputs: number,
    outputs: number,
    stride: number,
    bottleneck: boolean,
  ) {
    const inner = bottleneck ? outputs / BOTTLENECK_EXPANSION : outputs;
    this.convolutions = bottleneck
      ? [
        new Convolution(inputs, inner, 1),
        new Convolution(inner, inner, 3, stride),
        new Convolution(inner, outputs, 1),
      ]
      : [
        new Convolution(inputs, inner, 3, stride),
        new Convolution(inner, outputs, 3),
      ];
    this.norms = this.convolutions.map((_, i) =>
      new BatchNorm(i === 0 ? inputs : inner)
    );
    if (stride !== 1 || inputs !== outputs) {
      this.shortcut = new Convolution(inputs, outputs, 1, stride);
    }
  }

  /** `[n, height, width, inputs]` -> `[n, height / stride, width / stride, outputs]` */
  forward(x: Tensor, context: Context): Tensor {
    let y = x;
    let shortcut = x;
    this.convolutions.forEach((convolution, i) => {
      y = relu(this.norms[i].forward(y, context));
      if (i === 0 && this.shortcut) shortcut = this.shortcut.forward(y);
      y = convolution.forward(y);
    });
    return add(y, shortcut);
  }
}

/** A pre-activation residual network (ResNet-v2), or its first stages. */
export class ResNet implements Encoder {
  /** The first convolution, on the pixels. */
  readonly stem: Convolution;
  /** The blocks of each stage, from `res2` on; checkpoints have this name for them. */
  readonly groups: readonly (readonly Block[])[];
  readonly channels: readonly number[];
  readonly patchStages: number = PATCH_STAGES;

  /**
   * A network of the given sizes with the first `stages` of its four stages.
   *
   * @throws {RangeError} if it has no such number of stages.
   */
  constructor(
    /** Depth, width and stem. */
    readonly options: ResNetOptions,
    readonly stages: number = STAGES,
  ) {
    if (!Number.isInteger(stages) || stages < 0 || stages > STAGES) {
      throw new RangeError(
        `a ResNet has at most ${STAGES} stages, not ${stages}`,
      );
    }
    const { blocks, bottleneck } = layouts[options.depth];
    const { size, stride } = stems[options.stem];
    this.channels = resNetChannels(options).slice(0, stages + 1);
    this.stem = new Convolution(3, this.channels[0], size, stride);
    this.groups = Array.from(
      { length: stages },
      (_, stage) =>
        Array.from({ length: blocks[stage] }, (_, i) =>
          new Block(
            this.channels[i === 0 ? stage : stage + 1],
            this.channels[stage + 1],
            i === 0 && stage > 0 ? 2 : 1,
            bottleneck,
          )),
    );
  }

  /** `res1`: `[n, height, width, 3]` -> `[n, height', width', channels[0]]` */
  forwardStem(images: Tensor): Tensor {
    const y = this.stem.forward(images);
    return stems[this.options.stem].pooled
      ? maxPool(y, { size: 3, stride: 2, padding: 1 })
      : y;
  }

  /**
   * Applies one stage: `stage` 0 is `res2`.
   *
   * @throws {RangeError} if there is no such stage.
   */
  forwardStage(stage: number, x: Tensor, context: Context): Tensor {
    const blocks = this.groups[stage];
    if (!blocks) throw new RangeError(`there is no stage ${stage}`);
    return blocks.reduce(
      (y, block) => block.forward(y, context),
      x,
    );
  }

  /**
   * The maps of the stem and of each stage, before the normalisation that ends a path.
   *
   * @param images `[n, height, width, 3]`
   * @returns one `[n, height', width', channels[i]]` for each of `channels`.
   */
  forward(images: Tensor, context: Context): Tensor[] {
    const maps = [this.forwardStem(images)];
    for (let stage = 0; stage < this.stages; stage++) {
      maps.push(this.forwardStage(stage, maps[stage], context));
    }
    return maps;
  }

  /** The normalisation and the rectifier that end a pre-activation network. */
  createOutput(channels: number): MapLayer {
    return new BatchNormRelu(channels);
  }
}
