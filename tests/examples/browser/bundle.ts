import { fileURLToPath } from "node:url";

/** Bundles a module that lies beside this one, for a browser. */
export async function bundle(name: string): Promise<string> {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform=browser", path],
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr));
  return decoder.decode(stdout);
}
