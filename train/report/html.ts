/** Markup that may stand in a page as it is. */
export class Html {
  /** Takes markup that is known to be safe. */
  constructor(
    /** The markup. */
    readonly markup: string,
  ) {}
}

/** What a template takes: text, which is escaped, and markup; `undefined` is left out. */
export type Content = string | number | Html | undefined | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A template of markup in which all that is filled in is escaped, unless it is markup itself. */
export function html(
  parts: TemplateStringsArray,
  ...contents: readonly Content[]
): Html {
  return new Html(
    parts.map((part, i) => part + markupOf(contents[i])).join(""),
  );
}

function markupOf(content: Content): string {
  if (content === undefined) return "";
  if (content instanceof Html) return content.markup;
  if (typeof content === "object") return content.map(markupOf).join("");
  return String(content).replace(/[&<>"']/g, (sign) => ENTITIES[sign]);
}
