/**
 * An ICC profile (version 2.1, a matrix and a gamma of 2.2) of a screen on which red and green have
 * changed places.
 */
export const swappedColors: Uint8Array<ArrayBuffer> = profile({
  desc: [...text("desc"), ...word(0), ...word(1), ...new Array(80).fill(0)],
  cprt: [...text("text"), ...word(0), ...word(0)],
  wtpt: point(0.9505, 1, 1.089),
  rXYZ: point(0.2920, 0.6922, 0.0419),
  gXYZ: point(0.5151, 0.2412, -0.0011),
  bXYZ: point(0.1571, 0.0666, 0.7841),
  rTRC: gamma(),
  gTRC: gamma(),
  bTRC: gamma(),
});

/** The header, the table of tags and the tags themselves. */
function profile(tags: Record<string, number[]>): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(tags);
  const table = word(entries.length);
  const content: number[] = [];
  const start = 128 + 4 + 12 * entries.length;
  for (const [name, tag] of entries) {
    table.push(
      ...text(name),
      ...word(start + content.length),
      ...word(tag.length),
    );
    content.push(...tag);
  }
  const header = new Uint8Array(128);
  header.set(word(start + content.length), 0);
  header.set([2, 0x10], 8);
  header.set(text("mntrRGB XYZ "), 12);
  header.set(text("acsp"), 36);
  // the white that all profiles refer to, D50
  header.set([0.9642, 1, 0.8249].flatMap(fixed), 68);
  return Uint8Array.of(...header, ...table, ...content);
}

function point(...coordinates: number[]): number[] {
  return [...text("XYZ "), ...word(0), ...coordinates.flatMap(fixed)];
}

function gamma(): number[] {
  return [...text("curv"), ...word(0), ...word(1), 2, 0x33, 0, 0];
}

function text(letters: string): number[] {
  return [...new TextEncoder().encode(letters)];
}

function word(value: number): number[] {
  return [24, 16, 8, 0].map((shift) => value >>> shift & 255);
}

/** A number in 16.16 fixed point. */
function fixed(value: number): number[] {
  return word(Math.round(value * 2 ** 16));
}
