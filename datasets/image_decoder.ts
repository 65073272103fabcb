import { UserError } from "../engine/user_error.ts";

/** What a worker is asked to decode. */
export interface DecodeRequest {
  /** A picture in any format that ImageMagick knows: its file's path, or content. */
  readonly file: string | Uint8Array;
  /** Height and width to resize its central square to. */
  readonly imageSize: number;
}

/** An image as `[3, imageSize, imageSize]` bytes, or why there is none. */
export type DecodeReply = { readonly pixels: Uint8Array<ArrayBuffer> } | {
  readonly error: string;
};

/** Decodes image files in parallel: upright, central square, resized to one size. */
export class ImageDecoder implements Disposable {
  readonly #workers: DecodingWorker[];

  /** Starts the workers, one per core up to 8. */
  constructor(readonly imageSize: number) {
    const count = Math.min(navigator.hardwareConcurrency, 8);
    this.#workers = Array.from({ length: count }, () => new DecodingWorker());
  }

  /**
   * Decodes files, given by their paths or contents, and hands every reply to `onReply` with its
   * position in `files`, in any order; calls may overlap. A promise that it returns is waited for.
   *
   * @throws {UserError} When the workers cannot run.
   */
  async decode(
    files: readonly (string | Uint8Array)[],
    onReply: (position: number, reply: DecodeReply) => void | Promise<void>,
  ): Promise<void> {
    let next = 0;
    await Promise.all(this.#workers.map(async (worker) => {
      while (next < files.length) {
        const position = next++;
        const request = { file: files[position], imageSize: this.imageSize };
        await onReply(position, await worker.decode(request));
      }
    }));
  }

  /** Ends the workers; calls of `decode` under way fail. */
  close(): void {
    for (const worker of this.#workers) worker.close();
  }

  /** Closes the decoder at the end of its scope. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** A worker that answers requests in their order. */
class DecodingWorker {
  readonly #worker = new Worker(
    new URL("./image_decoder_worker.ts", import.meta.url),
    {
      type: "module",
    },
  );
  readonly #unanswered: PromiseWithResolvers<DecodeReply>[] = [];
  #answered = false;
  #failure?: Error;

  constructor() {
    this.#worker.onmessage = ({ data }) => {
      this.#answered = true;
      this.#unanswered.shift()?.resolve(data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(
        new UserError(
          this.#answered
            ? `the image decoder failed: ${event.message}; run again`
            : `the image decoder cannot run: ${event.message}; run again with --allow-read for the ` +
              `program and Deno's cache`,
        ),
      );
    };
  }

  decode(request: DecodeRequest): Promise<DecodeReply> {
    if (this.#failure) return Promise.reject(this.#failure);
    const reply = Promise.withResolvers<DecodeReply>();
    this.#unanswered.push(reply);
    this.#worker.postMessage(request);
    return reply.promise;
  }

  close(): void {
    this.#worker.terminate();
    this.#fail(new Error("the image decoder was closed"));
  }

  #fail(error: Error): void {
    this.#failure = error;
    for (const request of this.#unanswered) request.reject(error);
  }
}
