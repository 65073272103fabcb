import { assert, assertEquals } from "@std/assert";
import { claim } from "../../../train/run/claim.ts";
import { TemporaryFolder } from "../../datasets/temporary_folder.ts";
import { warningsOf } from "../../datasets/warnings.ts";
import { withoutLocks } from "../../datasets/without_locks.ts";

/** Claims the file in another process, says so and waits to be ended. */
const holder = `
  import { claim } from ${
  JSON.stringify(
    new URL("../../../train/run/claim.ts", import.meta.url),
  )
};
  console.log(await claim(Deno.args[0]) !== undefined);
  await new Promise((resolve) => setTimeout(resolve, 60_000));
`;

Deno.test("claim: one holder at a time, until disposed of", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/locks/a`;
  {
    using held = await claim(path);
    assert(held);
    assertEquals(await claim(path), undefined);
  }
  using again = await claim(path);
  assert(again);
});

Deno.test("claim: where it is refused no file is left open", {
  sanitizeResources: true,
}, async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/locks/a`;
  using _held = await claim(path);
  assertEquals(await claim(path), undefined);
});

Deno.test("claim: a file that its holder removed is made anew", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/locks/a`;
  // as if the holder had removed it between the opening and the lock
  const { tryLock } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.tryLock = async function (...args) {
    Deno.FsFile.prototype.tryLock = tryLock;
    await Deno.remove(path);
    return await tryLock.apply(this, args);
  };
  using held = await claim(path);
  assert(held);
  assertEquals(await claim(path), undefined);
});

Deno.test("claim: warns where the file system has no locks, and goes on", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/locks/a`;
  using _ = withoutLocks();
  const { lines } = await warningsOf(async () => {
    using held = await claim(path);
    assert(held);
  });
  assertEquals(lines, [
    `${path} cannot be locked: its file system has no locks; start nothing else that uses the folder`,
  ]);
});

Deno.test("claim: a process that is killed holds nothing", async () => {
  using folder = new TemporaryFolder();
  const path = `${folder.path}/locks/a`;
  folder.write("holder.ts", holder);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-read", "--allow-write"],
      ...["--config", new URL("../../../deno.json", import.meta.url).pathname],
      ...[`${folder.path}/holder.ts`, path],
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  assertEquals(new TextDecoder().decode(value), "true\n");
  assertEquals(await claim(path), undefined);
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
  using held = await claim(path);
  assert(held);
});
