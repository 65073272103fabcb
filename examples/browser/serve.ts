/**
 * Serves this folder with the headers that isolate the page, so that its threads can share memory;
 * with `--no-isolation` without them, as most web servers do.
 */
import { Hono } from "hono";
import { serveStatic } from "hono/deno";
import { secureHeaders } from "hono/secure-headers";

const isolated = !Deno.args.includes("--no-isolation");

const app = new Hono();
app.use(secureHeaders({
  crossOriginOpenerPolicy: isolated,
  crossOriginEmbedderPolicy: isolated,
}));
app.use(serveStatic({ root: "." }));

export default app;
