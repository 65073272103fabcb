/**
 * A worker that is one thread of the WebAssembly device. Programs need not import it, but where they
 * are bundled its own bundle must lie beside theirs as `worker.js`.
 *
 * @module
 */

import type { ToWorker } from "./messages.ts";
import { Thread } from "./thread.ts";

const thread = new Thread();

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  self.postMessage(thread.answer(data));
};
