import { assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import { configSchema } from "../../../train/config/config.ts";
import { loadConfig } from "../../../train/config/loader.ts";
import { presets } from "../../../train/config/presets/mod.ts";
import { load, problem, set } from "./example.ts";

async function withFile(text: string, use: (path: string) => Promise<void>) {
  const path = await Deno.makeTempFile({ suffix: ".jsonc" });
  try {
    await Deno.writeTextFile(path, text);
    await use(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("loadConfig: takes the defaults of the schema, at every level, where there is no source", async () => {
  const config = await load({});
  assertEquals(config.steps, 1000);
  assertEquals(config.model.stem, "small");
  assertEquals(config.model.width, 32);
  assertEquals(config.data.name, "cifar10");
});

Deno.test("loadConfig: lays a later source over an earlier one and leaves the rest", async () => {
  await withFile(
    `{ // a comment\n "rate": 0.5, "model": { "width": 128 }, "steps": 20, }`,
    async (config) => {
      const loaded = await load({
        preset: "quick",
        config,
        set: ["steps=30", "label=a=b"],
      });
      assertEquals(loaded.steps, 30);
      assertEquals(loaded.rate, 0.5);
      assertEquals(loaded.label, "a=b");
      assertEquals(loaded.model.stem, "imagenet");
      assertEquals(loaded.model.width, 128);
      assertEquals((await load({ preset: "quick", config })).steps, 20);
      assertEquals((await load({ preset: "quick" })).steps, 10);
    },
  );
});

Deno.test("loadConfig: reads a single setting as JSON where it parses and as text elsewhere", async () => {
  assertEquals((await set("label=plain text")).label, "plain text");
  assertEquals((await set('label="12"')).label, "12");
  assertEquals((await set("rate=1e-2")).rate, 0.01);
  assertEquals((await set("fast=true")).fast, true);
  assertEquals((await set("model.exchange.heads=4")).model.exchange, {
    heads: 4,
  });
  assertEquals(
    (await set("model.exchange.heads=4", "model.exchange=null")).model.exchange,
    null,
  );
  assertEquals((await set('model={"width":8}')).model, {
    ...(await load({})).model,
    width: 8,
  });
});

Deno.test("loadConfig: answers an unknown preset with the nearest and the list", async () => {
  assertEquals(
    await problem({ preset: "qiuck" }),
    'there is no preset "qiuck"; did you mean quick?; the presets are quick, cifar',
  );
  assertEquals(
    await problem({ preset: "constructor" }),
    'there is no preset "constructor"; the presets are quick, cifar',
  );
});

Deno.test("loadConfig: refuses a single setting that is not of the form path=value", async () => {
  for (const setting of ["steps", "=3", "model..width=8", ".=1"]) {
    assertEquals(
      await problem({ set: [setting] }),
      `--set ${setting} is not of the form path.to.key=value`,
    );
  }
});

Deno.test("loadConfig: names a file that is not JSON, and the place", async () => {
  await withFile(`{\n  "steps": 1\n  "rate": 2\n}`, async (path) => {
    assertEquals(
      await problem({ config: path }),
      `${path} is not JSON: comma expected at line 3, column 3`,
    );
  });
  await withFile("[1]", async (path) => {
    assertEquals(
      await problem({ config: path }),
      `${path} must hold an object of settings, { ... }`,
    );
  });
  await withFile('{"a": 1 "b": 2}', async (path) => {
    assertEquals(
      await problem({ config: path }),
      `${path} is not JSON: comma expected at line 1, column 9`,
    );
  });
  await withFile("", async (path) => {
    assertEquals(
      await problem({ config: path }),
      `${path} is not JSON: value expected at line 1, column 1`,
    );
  });
  assertEquals(
    await problem({ config: "no/such.json" }),
    "cannot read no/such.json: there is no such file or folder; check the path",
  );
});

Deno.test("loadConfig: refuses a file that has a key twice, and names the line", () =>
  withFile(
    '{\n  "model": { "width": 8 },\n  "steps": 20,\n  "model": { "width": 16 }\n}',
    async (config) =>
      assertEquals(
        await problem({ config }),
        `${config} has "model" a second time in the same object at line 4; rename or remove one of them`,
      ),
  ));

Deno.test("loadConfig: refuses a key that the JSON of a single setting has twice", async () => {
  assertEquals(
    await problem({ set: ['model={"width":64,"stem":"small","width":32}'] }),
    '--set model has "width" a second time in the same object; remove one of them',
  );
  // text may have braces
  const { label } = await load({ set: ['label={"a":1,"a":2'] });
  assertEquals(label, '{"a":1,"a":2');
});

Deno.test("loadConfig: paths among single settings are resolved, other text is not", async () => {
  const { data, seed } = await loadConfig(configSchema, presets, {
    preset: "dv2-tiny",
    set: ["data.name=folder", "data.path=pictures"],
    resolvePath: (path) => `/home/${path}`,
  });
  assertEquals(
    [data, seed],
    [{ name: "folder", path: "/home/pictures", imageSize: 96 }, 0],
  );
});

Deno.test("loadConfig: a path within a single setting is resolved too", async () => {
  const { data } = await loadConfig(configSchema, presets, {
    preset: "dv2-tiny",
    set: ['data={"name":"folder","path":"pictures"}'],
    resolvePath: (path) => `/home/${path}`,
  });
  assertEquals(data, { name: "folder", path: "/home/pictures", imageSize: 96 });
});

Deno.test("loadConfig: a path among single settings is text, whatever it looks like", async () => {
  const paths = { "2024": "2024", "true": "true", '"12"': "12", "1e3": "1e3" };
  for (const [text, path] of Object.entries(paths)) {
    const { data } = await loadConfig(configSchema, presets, {
      preset: "dv2-tiny",
      set: ["data.name=folder", `data.path=${text}`],
    });
    assertEquals(data, { name: "folder", path, imageSize: 96 });
  }
});

Deno.test("loadConfig: reads a file that begins with a byte order mark", () =>
  withFile('\uFEFF{ "steps": 20 }', async (config) => {
    assertEquals((await load({ config })).steps, 20);
  }));

Deno.test("loadConfig: refuses a single setting of more levels than settings have", async () => {
  const levels = 20_000;
  for (
    const setting of [
      `${"a.".repeat(levels)}a=1`,
      `data=${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`,
    ]
  ) {
    await assertRejects(
      () => load({ set: [setting] }),
      UserError,
      `${setting.slice(0, 40)}... is nested too deeply for a setting`,
    );
  }
});

Deno.test("loadConfig: refuses a file that cannot be one of settings, in no time", async () => {
  const nested = '{"a":'.repeat(20_000) + "1" + "}".repeat(20_000);
  const keys = Array.from({ length: 1000 }, (_, i) => `"k${i}": ${i}`);
  for (
    const [text, expected] of [
      [
        nested,
        "PATH is nested too deeply for settings: in more than 100 levels",
      ],
      [
        " ".repeat(2 ** 20 + 1),
        "PATH is too long for settings: it has more than 1048576 characters",
      ],
    ]
  ) {
    await withFile(text, async (config) => {
      assertEquals(await problem({ config }), expected.replace("PATH", config));
    });
  }
  await withFile(`{${keys}}`, async (config) => {
    const lines = (await problem({ config })).split("\n");
    assertEquals(lines[0], "the configuration has 1000 mistakes:");
    assertEquals([lines.length, lines.at(-1)], [22, "  and 980 more"]);
  });
});

Deno.test("loadConfig: brackets in strings and comments nest nothing", () =>
  withFile(
    `{ "label": "${"[".repeat(200)}", /* ${"{".repeat(200)} */ "steps": 2 }`,
    async (config) => assertEquals((await load({ config })).steps, 2),
  ));

Deno.test("loadConfig: says of a file that is not enough by itself that a preset may lie below", () =>
  withFile("{}", async (config) => {
    await assertRejects(
      () => loadConfig(configSchema, presets, { config }),
      UserError,
      `without --preset ${config} must have all that has no default`,
    );
  }));
