/** How the page looks: light and dark, and as narrow as a phone. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f7f6f3; --card: #ffffff; --text: #22252b; --muted: #5d636f; --rule: #e3e0d9;
  --accent: #0b62a8; --hit: #e0f1e6; --hit-text: #14663a;
  --line-1: #0b62a8; --line-2: #c2500a; --line-3: #0a7f62; --line-4: #8b4a8f;
  --class-1: #0072b2; --class-2: #d55e00; --class-3: #009070; --class-4: #c0508f; --class-5: #a67c00;
  --class-6: #3fa3dc; --class-7: #6a3d9a; --class-8: #7f4f24; --class-9: #50555e; --class-10: #c2183c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14161a; --card: #1d2026; --text: #e8e6e1; --muted: #a3a8b3; --rule: #343842;
    --accent: #7db8ee; --hit: #1d3b2a; --hit-text: #8fdcae;
    --line-1: #6cb2f0; --line-2: #f2994f; --line-3: #4fcfa8; --line-4: #cf9bd6;
    --class-1: #56a9e8; --class-2: #ff8a45; --class-3: #35cfa5; --class-4: #ee9cc6; --class-5: #f0c84a;
    --class-6: #a5dcfb; --class-7: #b79aec; --class-8: #d0a37c; --class-9: #c0c4cc; --class-10: #ff7088;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
header, main, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.5rem; }
h1 { font-size: clamp(1.5rem, 4.5vw, 2.1rem); line-height: 1.2; margin: 0; overflow-wrap: anywhere; letter-spacing: -.01em; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 0 0 .4rem; letter-spacing: -.005em; }
h3 { font-size: .95rem; font-weight: 600; margin: 1.6rem 0 .6rem; }
h3:first-child { margin-top: .6rem; }
p { margin: 0 0 .8rem; }
a { color: var(--accent); }
.about, .lead, .note, footer { color: var(--muted); }
.about { margin-top: .4rem; }
.lead { max-width: 46rem; margin-bottom: 1rem; }
.lead:last-child { margin-bottom: 0; }
.note { font-size: .875rem; margin: .8rem 0 0; }
small { font-size: .8em; color: var(--muted); font-weight: 400; }
nav ul, .key { list-style: none; display: flex; flex-wrap: wrap; gap: .35rem 1.1rem; padding: 0; margin: 1.4rem 0 0; }
nav a { display: inline-block; padding: .15rem 0; text-decoration: none; border-bottom: 1px solid var(--rule); }
nav a:hover { border-color: currentColor; }
section, .tiles > div { background: var(--card); border: 1px solid var(--rule); border-radius: .75rem; }
section { padding: 1.4rem 1.5rem; margin: 1.25rem 0; scroll-margin-top: 1rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1rem; margin: 1.75rem 0 0; }
.tiles > div { padding: 1.1rem 1.25rem; }
.tiles dt { font-size: .875rem; color: var(--muted); }
.tiles dd { margin: 0; }
.tiles strong { display: block; font-size: 2.25rem; line-height: 1.25; font-weight: 650; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.tiles strong small { font-size: 1.1rem; letter-spacing: 0; }
.tiles span { font-size: .9rem; color: var(--muted); display: block; line-height: 1.45; margin-top: .15rem; }
figure { margin: 0; }
svg { display: block; max-width: 100%; height: auto; overflow: visible; --plot-background: var(--card); }
svg text { fill: var(--muted); }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); gap: 1.2rem 1.6rem; }
.charts svg, .wide svg, .map svg { width: 100%; }
.charts figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 .75rem; font-size: .9rem; }
.charts .name { font-weight: 600; }
.charts .last { color: var(--muted); font-variant-numeric: tabular-nums; }
.charts .value { white-space: nowrap; }
.charts .value + .value { margin-left: .5rem; }
.charts .last b { color: var(--text); font-weight: 600; }
.line-1 { color: var(--line-1); } .line-2 { color: var(--line-2); } .line-3 { color: var(--line-3); } .line-4 { color: var(--line-4); }
.charts p { font-size: .8125rem; line-height: 1.4; color: var(--muted); margin: .1rem 0 0; }
.wide { max-width: 37rem; }
.map { max-width: 46rem; }
.key { gap: .3rem 1.1rem; font-size: .9rem; margin-top: .8rem; }
.key li { display: flex; align-items: center; gap: .35rem; }
.key svg { width: 16px; }
.scroll { overflow-x: auto; margin: .8rem -.25rem 0; padding: 0 .25rem .3rem; }
.scroll:focus-visible, pre:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { padding: .4rem .55rem; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: top; }
thead th { white-space: nowrap; color: var(--muted); font-weight: 500; vertical-align: bottom; }
tbody th { font-weight: 500; white-space: nowrap; }
tbody tr:last-child > * { border-bottom: 0; }
.number { text-align: right; white-space: nowrap; min-width: 4.25rem; }
#layers thead th:not(:first-child) { text-align: right; }
.hit { background: var(--hit); }
.hit figcaption { color: var(--hit-text); font-weight: 600; }
td figcaption, th figcaption { font-size: .75rem; line-height: 1.3; color: var(--muted); font-weight: 400; margin-top: .2rem; max-width: 80px; white-space: normal; overflow-wrap: anywhere; }
img { display: block; border-radius: .2rem; background: var(--rule); }
img.photo { width: 80px; height: 80px; }
img.patch { width: 56px; height: 56px; }
img.sharp { image-rendering: pixelated; }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .875em; }
code { overflow-wrap: anywhere; }
pre { overflow: auto; max-height: 28rem; margin: .8rem 0 0; padding: 1rem; border-radius: .5rem; background: var(--page); line-height: 1.45; }
.commands { margin: 0 0 1rem; }
.commands > div { padding: .45rem 0; border-bottom: 1px solid var(--rule); }
.commands dd { margin: 0; font-size: .875rem; color: var(--muted); }
summary { cursor: pointer; color: var(--accent); }
footer { padding: .5rem 1.25rem 3rem; font-size: .875rem; }
@media (max-width: 36rem) {
  header { padding-top: 1.5rem; }
  header, main, footer { padding-left: .9rem; padding-right: .9rem; }
  section { padding: 1.1rem 1rem; }
}
@media print { body { background: none; } nav { display: none; } section { break-inside: avoid-page; } }
`;
