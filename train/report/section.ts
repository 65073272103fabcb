import { type Content, type Html, html } from "./html.ts";

/** A part of the page. */
export interface Section {
  /** Names it in addresses. */
  readonly id: string;
  /** Its heading. */
  readonly title: string;
  /** How to read it, and what is good or bad. */
  readonly lead: Content;
  /** What it shows; absent where there is nothing to show. */
  readonly body?: Html;
}

/** A table that scrolls by itself where the page is too narrow. */
export function table(
  label: string,
  head: readonly string[],
  rows: readonly Html[],
): Html {
  return html`
    <div class="scroll" role="region" tabindex="0" aria-label="${label}">
      <table>
        <thead>
          <tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr>
        </thead>
        <tbody>${rows}</tbody>
      </table>
    </div>
  `;
}

/** A picture with a line beneath it. */
export function captioned(picture: Html, caption: Content): Html {
  return html`<figure>${picture}<figcaption>${caption}</figcaption></figure>`;
}

/** A cell of a table with a picture; `isHit` says that it is what it should be. */
export function pictureCell(
  picture: Html,
  caption: Content,
  isHit = false,
): Html {
  const className = isHit ? "hit" : "";
  return html`<td class="${className}">${captioned(picture, caption)}</td>`;
}

/** A row of a table: its name, and its cells. */
export function row(name: Content, cells: readonly Html[]): Html {
  return html`<tr><th scope="row">${name}</th>${cells}</tr>`;
}

/** A cell with a number. */
export function numberCell(content: Content): Html {
  return html`<td class="number">${content}</td>`;
}

/** The headings of so many columns: `1`, `2` and so on. */
export function ordinals(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${i + 1}`);
}
