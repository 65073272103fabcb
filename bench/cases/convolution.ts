import { randomValues } from "../values.ts";
import type { ConvolutionWork } from "../work.ts";
import type { WorkCase } from "./case.ts";

/** Images, their size in pixels and channels: of an ImageNet stem down to the patches of a tiny preset. */
const shapes = [
  { n: 4, size: 56, channels: 64 },
  { n: 8, size: 24, channels: 128 },
  { n: 8, size: 12, channels: 256 },
  { n: 512, size: 8, channels: 16 },
  { n: 32, size: 4, channels: 512 },
];
/** A GPU is hardly busy with the images above. */
const GPU_IMAGES = 8;

const passes = ["forward", "inputGradient", "weightGradient"] as const;

/** The three passes of 3x3 and 1x1 convolutions. */
export function convolutionCases(onGpu: boolean): WorkCase[] {
  return shapes.flatMap(({ n, size, channels }) =>
    [3, 1].flatMap((window) =>
      passes.map((pass) =>
        convolutionCase({
          pass,
          n: onGpu ? n * GPU_IMAGES : n,
          size,
          inputs: channels,
          outputs: channels,
          window,
        })
      )
    )
  );
}

function convolutionCase(
  shape: Omit<ConvolutionWork, "kind" | "x" | "weight" | "gradient">,
): WorkCase {
  const { pass, n, size, inputs, outputs, window } = shape;
  const pixels = n * size ** 2;
  const weights = window ** 2 * inputs * outputs;
  return {
    name: `convolution ${window}x${window} ${n}x${size}px ${inputs}ch ${pass}`,
    tolerance: 1e-4,
    operations: 2 * pixels * weights,
    make: () => ({
      kind: "convolution",
      ...shape,
      x: randomValues(pixels * inputs),
      weight: randomValues(weights),
      gradient: randomValues(pixels * outputs),
    }),
  };
}
