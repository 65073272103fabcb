/** A growing sequence of bytes; typed, because the module of a training step takes a megabyte. */
export class Bytes {
  #content = new Uint8Array(256);
  #length = 0;

  /** What has been appended so far. */
  get content(): Uint8Array<ArrayBuffer> {
    return this.#content.subarray(0, this.#length);
  }

  byte(value: number): this {
    this.#reserve(1);
    this.#content[this.#length++] = value;
    return this;
  }

  all(values: ArrayLike<number>): this {
    this.#reserve(values.length);
    this.#content.set(values, this.#length);
    this.#length += values.length;
    return this;
  }

  unsigned(value: number): this {
    for (; value >= 128; value = Math.floor(value / 128)) {
      this.byte(value % 128 | 128);
    }
    return this.byte(value);
  }

  signed(value: number): this {
    // done when only the sign of the byte before is left
    for (; value < -64 || value > 63; value >>= 7) {
      this.byte(value & 127 | 128);
    }
    return this.byte(value & 127);
  }

  /** A list with its length in front. */
  list(items: readonly ArrayLike<number>[]): this {
    this.unsigned(items.length);
    items.forEach((item) => this.all(item));
    return this;
  }

  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    return this.unsigned(bytes.length).all(bytes);
  }

  /** Bytes with their number in front. */
  sized(content: ArrayLike<number>): this {
    return this.unsigned(content.length).all(content);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#content.length) return;
    const larger = new Uint8Array(2 * (this.#length + bytes));
    larger.set(this.content);
    this.#content = larger;
  }
}
