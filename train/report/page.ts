import { type Content, Html, html } from "./html.ts";
import type { Section } from "./section.ts";
import { STYLE } from "./style.ts";

/** What a page consists of. */
export interface Page {
  /** Its heading. */
  readonly title: string;
  /** What it is about, in a sentence or two. */
  readonly about: Content;
  /** The numbers that matter most. */
  readonly headline: Html;
  /** The parts, in their order. */
  readonly sections: readonly Section[];
  /** Where it comes from. */
  readonly footer: Content;
}

/** A whole HTML file, which loads nothing: the policy in it forbids that. */
export function page(
  { title, about, headline, sections, footer }: Page,
): string {
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
        <title>${title}</title>
        <style>${new Html(STYLE)}</style>
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          <p class="about">${about}</p>
          ${headline}
          <nav aria-label="Sections">
            <ul>${sections.map(navigationItem)}</ul>
          </nav>
        </header>
        <main>${sections.map(section)}</main>
        <footer>
          <p>${footer}</p>
        </footer>
      </body>
    </html>
  `.markup;
}

function navigationItem({ id, title }: Section): Html {
  return html`<li><a href="#${id}">${title}</a></li>`;
}

function section({ id, title, lead, body }: Section): Html {
  return html`
    <section id="${id}" aria-labelledby="${id}-title">
    <h2 id="${id}-title">${title}</h2>
    <p class="lead">${lead}</p>
    ${body}
    </section>
  `;
}
