/** What a thread is to try. */
export interface Job {
  /** The targets. */
  readonly names: readonly string[];
  /** Gives the files. */
  readonly seed: number;
  /** An empty folder to work in. */
  readonly folder: string;
  /** How long to go on. */
  readonly milliseconds: number;
  /** Milliseconds of the processors' time that an input may take. */
  readonly limit: number;
}

/** A thread begins with an input, or has found what is wrong with it. */
export interface Note {
  /** Name of the target. */
  readonly target: string;
  /** Number of the input. */
  readonly input: number;
  /** What is wrong; absent where the thread only begins. */
  readonly problem?: string;
}

/**
 * Listens to a thread until it posts `"done"`. A thread in an endless loop answers nothing, and cannot
 * be ended but with the program.
 *
 * @param hangMs How long after a note the next one must have come.
 * @param listen Called with each note.
 * @returns Why it ended before; `undefined` where it was done.
 */
export function followThread(
  thread: Worker,
  hangMs: number,
  listen: (note: Note) => void,
): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const giveUp = () => resolve(`it has not come back after ${hangMs} ms`);
  let hang = setTimeout(giveUp, hangMs);
  thread.onmessage = ({ data }: MessageEvent<Note | "done">) => {
    clearTimeout(hang);
    if (data === "done") return resolve(undefined);
    listen(data);
    hang = setTimeout(giveUp, hangMs);
  };
  thread.onerror = (event) => {
    event.preventDefault();
    clearTimeout(hang);
    resolve(`the thread that read it died: ${event.message}`);
  };
  return promise;
}
