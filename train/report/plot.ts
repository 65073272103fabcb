import { type Markish, plot, type PlotOptions } from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { Html } from "./html.ts";

const { document } = parseHTML("<!doctype html><html></html>");

/**
 * A chart as SVG that takes its colours from the page.
 *
 * @param label What it shows, for those who do not see it; `undefined` of mere decoration.
 */
export function chart(
  label: string | undefined,
  marks: Markish[],
  options: Omit<PlotOptions, "marks"> = {},
): Html {
  const svg = plot({ ...options, marks, document, ariaLabel: label });
  if (label === undefined) svg.setAttribute("aria-hidden", "true");
  else svg.setAttribute("role", "img");
  return new Html(svg.outerHTML);
}
