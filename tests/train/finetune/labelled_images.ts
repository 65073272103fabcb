import { MemoryImages } from "../../../datasets/memory_images.ts";
import { IMAGE_SIZE, tinyImages } from "../tiny_model.ts";

/** The 24 tiny images, with three classes in turn; `shift` changes the labels. */
export async function labelledImages(shift = 0): Promise<MemoryImages> {
  const images = tinyImages();
  const pixels = await images.read([...Array(images.size).keys()]);
  const labels = Uint32Array.from(
    { length: images.size },
    (_, i) => (i + shift) % 3,
  );
  return new MemoryImages(pixels, IMAGE_SIZE, labels, ["a", "b", "c"]);
}

/** Images that are easily told apart, in turn: horizontal stripes, vertical ones, and none. */
export function stripedImages(size: number): MemoryImages {
  const labels = Uint32Array.from({ length: size }, (_, i) => i % 3);
  const area = IMAGE_SIZE ** 2;
  const pixels = Uint8Array.from({ length: size * 3 * area }, (_, i) => {
    const row = Math.floor(i / IMAGE_SIZE) % IMAGE_SIZE;
    const position = [row, i % IMAGE_SIZE, 0][labels[Math.floor(i / 3 / area)]];
    return position % 4 < 2 ? 50 : 200;
  });
  return new MemoryImages(pixels, IMAGE_SIZE, labels, ["a", "b", "c"]);
}
