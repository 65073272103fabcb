import { assertEquals, assertStringIncludes } from "@std/assert";
import { followThread, type Note } from "./follow_thread.ts";

/** What comes of a thread that runs a program, and what it noted. */
async function follow(
  program: string,
): Promise<{ problem?: string; notes: Note[] }> {
  const type = { type: "text/javascript" };
  const address = URL.createObjectURL(new Blob([program], type));
  const thread = new Worker(address, { type: "module" });
  const notes: Note[] = [];
  const problem = await followThread(thread, 3000, (note) => notes.push(note));
  thread.terminate();
  URL.revokeObjectURL(address);
  return { problem, notes };
}

const FIRST = { target: "tar", input: 1 };
const begin = `postMessage(${JSON.stringify(FIRST)});`;

Deno.test("followThread: a loop that lets nothing else run is noticed, and at what input", async () => {
  assertEquals(
    await follow(`${begin} while (performance.now() < 6000);`),
    { problem: "it has not come back after 3000 ms", notes: [FIRST] },
  );
});

Deno.test("followThread: a thread that is done, or dies, is no longer waited for", async () => {
  assertEquals(await follow(`${begin} postMessage("done");`), {
    problem: undefined,
    notes: [FIRST],
  });
  const { problem, notes } = await follow(
    `${begin} throw new Error("broken");`,
  );
  assertStringIncludes(problem!, "the thread that read it died: ");
  assertStringIncludes(problem!, "broken");
  assertEquals(notes, [FIRST]);
});
