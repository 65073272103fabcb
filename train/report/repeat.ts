import type { Config } from "../config/config.ts";
import { quoted } from "../run/quoted.ts";
import { type Html, html } from "./html.ts";
import type { Section } from "./section.ts";

/** How to repeat the run, what to do with it, and all its settings. */
export function repeatSection(path: string, config: Config): Section {
  const run = quoted(path);
  const commands = [
    [
      "repeats this run",
      `deno task pretrain --config ${quoted(`${path}/config.json`)}`,
    ],
    ["measures the layers with all labelled images", `deno task probe ${run}`],
    [
      "computes features of your pictures",
      `deno task embed ${run} --images FOLDER`,
    ],
    ["takes the encoder away", `deno task export ${run}`],
    ["writes this page again", `deno task report ${run}`],
  ];
  return {
    id: "repeat",
    title: "Use and repeat",
    lead:
      "Repeated on the same device, a run gives the same numbers; on the processor, bit for bit.",
    body: html`
      <dl class="commands">${commands.map(commandItem)}</dl>
      <details>
        <summary>All settings, config.json</summary>
        <pre tabindex="0">${JSON.stringify(config, null, 2)}</pre>
      </details>
    `,
  };
}

function commandItem([purpose, command]: readonly string[]): Html {
  return html`
    <div>
      <dt><code>${command}</code></dt>
      <dd>${purpose}</dd>
    </div>
  `;
}
