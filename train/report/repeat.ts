import type { Config } from "../config/config.ts";
import { quoted } from "../run/quoted.ts";
import { type Html, html } from "./html.ts";
import type { Section } from "./section.ts";

/**
 * How to repeat the run, what to do with it, and all its settings.
 *
 * @param processes How many it was trained by; 1 where that is not known.
 */
export function repeatSection(
  path: string,
  config: Config,
  processes = 1,
): Section {
  const run = quoted(path);
  const pretrain = processes === 1
    ? "deno task pretrain"
    : `mpirun -n ${processes} deno task pretrain:mpi`;
  const commands = [
    [
      "repeats this run",
      `${pretrain} --config ${quoted(`${path}/config.json`)}`,
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
      "Repeated on the same device, in as many processes, a run gives the same numbers; in one process on the processor, bit for bit. " +
      "If it was extended, or resumed in another number of processes, these settings do not say how its earlier steps were taken.",
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
