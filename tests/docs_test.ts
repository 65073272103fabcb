import { assert, assertEquals } from "@std/assert";

const root = new URL("../", import.meta.url);
const documents = [
  "README.md",
  ...[...Deno.readDirSync(new URL("docs", root))]
    .map(({ name }) => `docs/${name}`)
    .filter((path) => path.endsWith(".md")),
];

interface Link {
  readonly document: string;
  readonly text: string;
  readonly target: URL;
}

const links: Link[] = documents.flatMap((document) => {
  const url = new URL(document, root);
  const markdown = Deno.readTextFileSync(url);
  return [...markdown.matchAll(/\[([^\]]*)\]\(([^)#\s]+)[^)]*\)/g)]
    .filter(([, , target]) => !/^\w+:/.test(target))
    .map(([, text, target]) => ({
      document,
      text,
      target: new URL(target, url),
    }));
});

function exists(url: URL): boolean {
  try {
    Deno.statSync(url);
    return true;
  } catch {
    return false;
  }
}

Deno.test("documents: every link leads to a file", () => {
  assert(links.length > 40);
  const broken = links.filter(({ target }) => !exists(target));
  assertEquals(broken.map(({ document, text }) => `${document}: ${text}`), []);
});

Deno.test("documents: a symbol that is linked is declared in its file", () => {
  const symbols = links.filter(({ text, target }) =>
    /^`[\w.]+`$/.test(text) && target.pathname.endsWith(".ts")
  );
  assert(symbols.length > 30);
  for (const { document, text, target } of symbols) {
    const source = Deno.readTextFileSync(target);
    for (const name of text.slice(1, -1).split(".")) {
      const declaration = new RegExp(
        `(\\b(function|class|interface|const|type) |^ +(readonly |static |async |override )*)${name}\\b`,
        "m",
      );
      assert(
        declaration.test(source),
        `${document}: ${text} is not in ${target.pathname}`,
      );
    }
  }
});
