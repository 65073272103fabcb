/** Size of the header in bytes: a multiple of 64, as the format asks, with room for any shape. */
export const NPY_HEADER_BYTES = 128;

/** The header of a NumPy file (`.npy`, format 1.0) of `[rows, width]` little-endian float32. */
export function npyHeader(rows: number, width: number): Uint8Array {
  const dictionary =
    `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${width}), }`;
  const magic = "\x93NUMPY\x01\x00";
  const length = NPY_HEADER_BYTES - magic.length - 2;
  const text = magic + String.fromCharCode(length & 255, length >> 8) +
    dictionary.padEnd(length - 1) + "\n";
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
