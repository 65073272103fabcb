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
        <tbody>
    ${rows}</tbody>
      </table>
    </div>
  `;
}
