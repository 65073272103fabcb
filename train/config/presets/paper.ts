import type { ConfigPreset } from "./preset.ts";

/** STL-10 as in the paper (section 4.1): crops of 64 pixels; what is not named is the default. */
export const stl10 = {
  data: { name: "stl10" },
  augmentation: { name: "crop", size: 64 },
  encoder: { name: "resnet", stem: "imagenet" },
} as const satisfies ConfigPreset["config"];

/** CIFAR-10 as in the paper; patches of 8 pixels need the small stem. */
export const cifar10 = {
  data: { name: "cifar10" },
  augmentation: { name: "translate" },
  encoder: { name: "resnet", stem: "small" },
} as const satisfies ConfigPreset["config"];
