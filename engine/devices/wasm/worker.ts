/// <reference lib="webworker" />
/** A worker that is one thread of the WebAssembly device. */

import type { ToWorker } from "./messages.ts";
import { Thread } from "./thread.ts";

const thread = new Thread();

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  self.postMessage(thread.answer(data));
};
