// Not a library: those on npm are native or unmaintained.

/** The polynomial of Castagnoli et al. (1993), its bits reversed. */
const POLYNOMIAL = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1
      ? (remainder >>> 1) ^ POLYNOMIAL
      : remainder >>> 1;
  }
  return remainder;
});

/** CRC-32C of bytes (RFC 3720, appendix B.4), 0 to 2³² - 1. */
export function crc32c(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of bytes) {
    remainder = table[(remainder ^ byte) & 255] ^ (remainder >>> 8);
  }
  return ~remainder >>> 0;
}
