import { assert, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../engine/user_error.ts";
import {
  type Command,
  helpText,
  parseArguments,
} from "../../../train/cli/arguments.ts";

const command = {
  usage: "dv2 paint",
  help: "Paints a wall.",
  options: {
    colour: {
      kind: "text",
      value: "NAME",
      help: "what to paint it with",
      default: "white",
    },
    wall: { kind: "text", value: "FILE", help: "which one" },
    set: {
      kind: "text",
      value: "KEY=VALUE",
      help: "one setting",
      repeatable: true,
    },
    coats: { kind: "integer", value: "COUNT", help: "how often", default: 2 },
    litres: { kind: "number", value: "LITRES", help: "how much" },
    quick: { kind: "flag", help: "do not wait for it to dry" },
  },
  examples: ["dv2 paint --colour red", "dv2 paint --quick"],
  alternative: (name: string, value: string) =>
    name === "gloss" ? `--set ${name}=${value}` : undefined,
} as const satisfies Command;

function parse(...args: string[]) {
  const values = parseArguments(command, args);
  assert(values !== "help");
  return values;
}

function assertRefused(args: string[], message: string): void {
  assertEquals(assertThrows(() => parse(...args), UserError).message, message);
}

Deno.test("parseArguments: options that are not given have their defaults", () => {
  const values = parse();
  assertEquals(values, {
    colour: "white",
    wall: undefined,
    set: [],
    coats: 2,
    litres: undefined,
    quick: false,
  });
  // These lines are checked by the compiler.
  const coats: number = values.coats;
  const wall: string | undefined = values.wall;
  const set: readonly string[] = values.set;
  // @ts-expect-error This option may be absent.
  const litres: number = values.litres;
  assertEquals([coats, wall, set, litres], [2, undefined, [], undefined]);
});

Deno.test("parseArguments: values are given after a space or an equals sign", () => {
  assertEquals(
    parse(
      "--colour",
      "red",
      "--coats=3",
      "--litres",
      "1e-1",
      "--quick",
      "--wall=a=b",
    ),
    { colour: "red", wall: "a=b", set: [], coats: 3, litres: 0.1, quick: true },
  );
  assertEquals(parse("--litres=-1.5").litres, -1.5);
  assertEquals(parse("--litres", "-1.5").litres, -1.5);
  assertEquals(parse("--colour", "007").colour, "007");
});

Deno.test("parseArguments: an option that is repeatable gathers its values in order", () => {
  assertEquals(
    parse("--set", "a.b=1", "--quick", "--set=c=[2, 3]", "--set", "d").set,
    [
      "a.b=1",
      "c=[2, 3]",
      "d",
    ],
  );
});

Deno.test("parseArguments: an option given twice is refused where it is not repeatable", () => {
  assertRefused(
    ["--colour", "red", "--colour=blue"],
    "--colour is given 2 times; give it once",
  );
});

Deno.test("parseArguments: an unknown option is answered with the nearest", () => {
  assertRefused(
    ["--color", "red"],
    "--color is not an option of dv2 paint; did you mean --colour?",
  );
  assertRefused(
    ["--Coat=3"],
    "--Coat=3 is not an option of dv2 paint; did you mean --coats?",
  );
  assertRefused(
    ["--brushes=3"],
    "--brushes=3 is not an option of dv2 paint; dv2 paint --help lists its options",
  );
  for (
    const args of [
      ["--no-quick"],
      ["-x"],
      ["--constructor"],
      ["--__proto__=1"],
      ["--set.a=1"],
    ]
  ) {
    assertThrows(
      () => parse(...args),
      UserError,
      `${args[0]} is not an option of dv2 paint`,
    );
  }
});

Deno.test("parseArguments: an argument that belongs to no option is refused", () => {
  for (const args of [["red"], ["--quick", "red"], ["--", "red"]]) {
    assertRefused(
      args,
      '"red" belongs to no option of dv2 paint; dv2 paint --help lists its options',
    );
  }
});

Deno.test("parseArguments: an option without its value is refused", () => {
  assertRefused(["--wall"], "--wall needs a value: --wall=FILE");
  assertRefused(["--wall="], "--wall needs a value: --wall=FILE");
  assertRefused(["--wall", "--quick"], "--wall needs a value: --wall=FILE");
  assertRefused(["--litres", "-x"], "--litres needs a value: --litres=LITRES");
  assertRefused(
    ["--set", "a=1", "--set"],
    "--set needs a value: --set=KEY=VALUE",
  );
});

Deno.test("parseArguments: a value of another kind is refused", () => {
  assertRefused(
    ["--coats", "two"],
    '--coats must be a whole number, not "two"',
  );
  assertRefused(
    ["--coats", "2.5"],
    '--coats must be a whole number, not "2.5"',
  );
  assertRefused(["--litres", "much"], '--litres must be a number, not "much"');
  assertRefused(["--litres= "], '--litres must be a number, not " "');
  assertRefused(
    ["--litres=Infinity"],
    '--litres must be a number, not "Infinity"',
  );
  assertRefused(["--quick=yes"], "--quick takes no value; write --quick alone");
});

Deno.test("parseArguments: --help is found among other arguments, right or wrong", () => {
  for (
    const args of [["--help"], ["-h"], ["--quick", "--help"], [
      "--wrong",
      "--help",
    ]]
  ) {
    assertEquals(parseArguments(command, args), "help");
  }
});

Deno.test("helpText: the help text lists usage, options and examples", () => {
  assertEquals(
    helpText(command),
    `Paints a wall.

Usage: dv2 paint [options]

Options:
  --colour NAME    what to paint it with (default: white)
  --wall FILE      which one
  --set KEY=VALUE  one setting (repeatable)
  --coats COUNT    how often (default: 2)
  --litres LITRES  how much
  --quick          do not wait for it to dry
  --help           print this help

Examples:
  dv2 paint --colour red
  dv2 paint --quick`,
  );
});

Deno.test("parseArguments: an operand is the one argument without an option", () => {
  const folder = {
    usage: "dv2 hang",
    help: "Hangs pictures.",
    operand: { value: "FOLDER", help: "where they are" },
    options: { nails: { kind: "integer", value: "COUNT", help: "how many" } },
    examples: [],
  } as const satisfies Command;
  const expected = { nails: 2, operand: "cats" };
  for (
    const args of [["cats", "--nails", "2"], ["--nails=2", "cats"], [
      "--nails=2",
      "--",
      "cats",
    ]]
  ) assertEquals(parseArguments(folder, args), expected);
  const refusals: [string[], string][] = [
    [[], "dv2 hang needs FOLDER: where they are"],
    [["cats", "dogs"], '"dogs" belongs to no option of dv2 hang'],
    [["cats", "--nail", "2"], "--nail is not an option of dv2 hang"],
  ];
  for (const [args, message] of refusals) {
    const refuse = () => parseArguments(folder, args);
    assertThrows(refuse, UserError, message);
  }
  assert(helpText(folder).includes("Usage: dv2 hang FOLDER [options]"));
  assert(/^ {2}FOLDER +where they are$/m.test(helpText(folder)));
});

Deno.test("parseArguments: says what to write instead of an unknown option, where that is known", () => {
  assertRefused(
    ["--gloss=a=b"],
    "--gloss=a=b is not an option of dv2 paint; write --set gloss=a=b",
  );
  for (
    const [args, value] of [
      [["--gloss", "2"], "2"],
      [["--gloss", "-2"], "-2"],
      [["--gloss", "--quick"], "VALUE"],
      [["--gloss"], "VALUE"],
    ] as const
  ) {
    assertRefused(
      [...args],
      `--gloss is not an option of dv2 paint; write --set gloss=${value}`,
    );
  }
});
