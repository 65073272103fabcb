import { initializeImageMagick } from "@imagemagick/magick-wasm";

let ready: Promise<void> | undefined;

/** Makes ImageMagick ready in this thread; later calls wait for the first. */
export function loadImageMagick(): Promise<void> {
  return ready ??= initialize();
}

async function initialize(): Promise<void> {
  const wasm = import.meta.resolve("@imagemagick/magick-wasm/magick.wasm");
  await initializeImageMagick(await Deno.readFile(new URL(wasm)));
}
