import { assertEquals } from "@std/assert";
import { Html, html } from "../../../train/report/html.ts";

Deno.test("html: escapes text wherever it stands, and takes markup, lists and nothing as they are", () => {
  const hostile = `<script>alert("1")</script>&'`;
  const escaped = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;";
  assertEquals(
    html`<p title="${hostile}">${hostile}${[1, hostile]}</p>`.markup,
    `<p title="${escaped}">${escaped}1${escaped}</p>`,
  );
  assertEquals(
    html`${html`<b>${"&"}</b>`}${undefined}${[new Html("<i>"), ["<"]]}`.markup,
    "<b>&amp;</b><i>&lt;",
  );
});
