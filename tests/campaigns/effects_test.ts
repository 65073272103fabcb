/** What the campaigns do to a process, seen in a process that does nothing else. */
import { assertEquals } from "@std/assert";
import { TemporaryFolder } from "../datasets/temporary_folder.ts";
import type { Effect } from "./effects.ts";

/** Writes four times two bytes to a file, then a second file, and prints what came of each. */
const PROGRAM = `
const attempt = (what) => {
  try {
    return what();
  } catch (error) {
    return error.code;
  }
};
const file = Deno.openSync("first", { write: true, create: true });
const results = [1, 2, 3, 4].map(() =>
  attempt(() => file.writeSync(Uint8Array.of(7, 7)))
);
const second = attempt(() => Deno.createSync("second").close());
console.log(JSON.stringify([...results, second ?? "made"]));
`;

/** Lets the third change, the second write, have an effect; returns what is printed and written. */
async function suffer(effect: Effect) {
  using folder = new TemporaryFolder();
  folder.write("program.js", PROGRAM);
  const preload = new URL("preload/files.ts", import.meta.url);
  const parameters = { log: `${folder.path}/log`, at: "3", effect };
  preload.search = String(new URLSearchParams(parameters));
  const configuration = new URL("../../deno.json", import.meta.url);
  const { signal, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--no-lock", "--allow-run"],
      ...[
        "--allow-read",
        "--allow-write",
        `--config=${configuration.pathname}`,
      ],
      ...[`--preload=${preload.href}`, "program.js"],
    ],
    cwd: folder.path,
  }).output();
  const text = new TextDecoder().decode(stdout);
  return {
    signal,
    results: text && JSON.parse(text),
    bytes: (await Deno.stat(`${folder.path}/first`)).size,
  };
}

Deno.test("campaigns: what is to fail fails, and what is to be killed is killed", async () => {
  const killed = { signal: "SIGKILL" as const, results: "" };
  assertEquals(await suffer("killed before"), { ...killed, bytes: 2 });
  assertEquals(await suffer("killed within"), { ...killed, bytes: 3 });
  assertEquals(await suffer("killed after"), { ...killed, bytes: 4 });
  assertEquals(await suffer("short"), {
    signal: null,
    results: [2, 1, 2, 2, "made"],
    bytes: 7,
  });
  for (const code of ["EIO", "EACCES"] as const) {
    assertEquals(await suffer(code), {
      signal: null,
      results: [2, code, 2, 2, "made"],
      bytes: 6,
    });
  }
  // a disk that is full stays full
  assertEquals(await suffer("ENOSPC"), {
    signal: null,
    results: [2, 1, "ENOSPC", "ENOSPC", "made"],
    bytes: 3,
  });
});
