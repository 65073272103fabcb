import { printable } from "../../datasets/files/printable.ts";
import { isThere } from "./is_there.ts";

/**
 * Says which files a command is about to replace, as they may be of another run; nothing where there
 * are none yet.
 *
 * @param paths What will be written.
 * @param contents What will be in it.
 */
export async function announceReplaced(
  paths: readonly string[],
  contents: string,
): Promise<void> {
  const there: string[] = [];
  for (const path of paths) if (await isThere(path)) there.push(path);
  if (there.length === 0) return;
  console.error(
    printable(`${there.join(" and ")} will be replaced by ${contents}`),
  );
}
