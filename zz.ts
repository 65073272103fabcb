import { initializeImageMagick, MagickImage, MagickColor, MagickFormat, AlphaAction, ColorSpace, Gravity } from "@imagemagick/magick-wasm";
await initializeImageMagick(Deno.readFileSync(new URL(import.meta.resolve("@imagemagick/magick-wasm/magick.wasm"))));
const i0 = MagickImage.create(new MagickColor("gray") as any, 4000, 4000);
const bytes = i0.write(MagickFormat.Png, (d)=>d.slice()); i0.dispose();
const i1 = MagickImage.create(new MagickColor("#102030") as any, 4000, 4000);
const bytes1 = i1.write(MagickFormat.Png, (d)=>d.slice()); i1.dispose();
for (const b of [bytes, bytes1]) {
const image = MagickImage.create();
const time = (n: string, f: () => void) => { const t = performance.now(); f(); console.log(n, (performance.now()-t).toFixed(0)); };
time("read", () => image.read(b));
time("orient", () => image.autoOrient());
time("alpha", () => image.alpha(AlphaAction.Remove));
console.log("cs", image.colorSpace);
time("cs", () => { image.colorSpace = ColorSpace.sRGB; });
time("crop", () => image.crop(4000, 4000, Gravity.Center));
time("resetpage", () => image.resetPage());
time("resize", () => image.resize(32, 32));
}
