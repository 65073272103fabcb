/// <reference lib="deno.unstable" />

/**
 * The ways in which `mutate.ts` breaks a source, as a plugin of `deno lint`, which has the parser: each
 * break is reported as a diagnostic whose message is a {@linkcode Mutation} in JSON.
 */

/** One break: what stands in `range` of the source, counted in UTF-16 units, becomes `after`. */
export interface Mutation {
  readonly range: readonly [start: number, end: number];
  readonly before: string;
  readonly after: string;
}

/** What takes an operator's place. */
const operators: Readonly<Record<string, string>> = {
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "*",
  "**": "*",
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "&&": "||",
  "||": "&&",
  "<<": ">>",
  ">>>": "<<",
  ">>": "<<",
  "&": "|",
  "|": "&",
  "^": "|",
  "+=": "-=",
  "-=": "+=",
  "*=": "/=",
  "/=": "*=",
  "++": "--",
  "--": "++",
};

/** What takes a function's place. */
const functions: Readonly<Record<string, string>> = {
  add: "subtract",
  subtract: "add",
  multiply: "divide",
  divide: "multiply",
  maximum: "minimum",
  minimum: "maximum",
  sum: "mean",
  mean: "sum",
  "Math.max": "Math.min",
  "Math.min": "Math.max",
  "Math.ceil": "Math.floor",
  "Math.floor": "Math.ceil",
  "Math.sqrt": "Math.abs",
};

/** Functions whose arguments can be swapped without a difference. */
const symmetric = new Set(
  ["add", "multiply", "maximum", "minimum", "equal", "Math.max", "Math.min"]
    .concat("Math.imul", "Math.hypot"),
);

/** Functions of one tensor that may be forgotten. */
const forgettable = new Set(
  ["stopGradient", "relu", "negate", "exp", "log", "sqrt", "l2Normalize"]
    .concat("reshape", "transpose"),
);

function isText(node: Deno.lint.Node): boolean {
  return node.type === "TemplateLiteral" ||
    node.type === "Literal" && typeof node.value === "string" ||
    node.type === "BinaryExpression" &&
      (isText(node.left) || isText(node.right));
}

/** Whether a node is part of an error's message or of a type, which nothing computed depends on. */
function isInMessageOrType(node: Deno.lint.Node, text: string): boolean {
  if (node.type === "Program") return false;
  const isError = node.type === "NewExpression" &&
    text.slice(...node.callee.range).endsWith("Error");
  if (isError || node.type === "ThrowStatement" || node.type.startsWith("TS")) {
    return true;
  }
  return "parent" in node && node.parent !== undefined &&
    node.parent.type !== "TSParameterProperty" &&
    isInMessageOrType(node.parent, text);
}

const plugin: Deno.lint.Plugin = {
  name: "mutate",
  rules: {
    operators: {
      create(context) {
        const { text } = context.sourceCode;
        const textOf = ({ range }: Deno.lint.Node) => text.slice(...range);
        const report = (
          node: Deno.lint.Node,
          range: Mutation["range"],
          after: string,
        ) => {
          if (isInMessageOrType(node, text)) return;
          const before = text.slice(...range);
          if (before === after) return;
          const mutation: Mutation = { range, before, after };
          context.report({ node, message: JSON.stringify(mutation) });
        };
        const replace = (node: Deno.lint.Node, after: string) =>
          report(node, node.range, after);
        /** Replaces the operator between two operands. */
        const swapOperator = (
          node:
            | Deno.lint.BinaryExpression
            | Deno.lint.LogicalExpression
            | Deno.lint.AssignmentExpression,
        ) => {
          const after = operators[node.operator];
          if (!after || isText(node)) return;
          const start = text.indexOf(node.operator, node.left.range[1]);
          report(node, [start, start + node.operator.length], after);
        };
        return {
          BinaryExpression: swapOperator,
          LogicalExpression: swapOperator,
          AssignmentExpression: swapOperator,
          UpdateExpression(node) {
            const start = text.indexOf(node.operator, node.range[0]);
            report(node, [start, start + 2], operators[node.operator]);
          },
          UnaryExpression(node) {
            if (["-", "!", "~"].includes(node.operator)) {
              replace(node, textOf(node.argument));
            }
          },
          Literal(node) {
            const { value } = node;
            if (typeof value === "boolean") replace(node, String(!value));
            if (typeof value !== "number") return;
            // not the key of a property
            if (node.parent.type === "Property" && node.parent.key === node) {
              return;
            }
            // beyond 2^53 adding 1 changes nothing
            const isSmallInteger = Number.isSafeInteger(value);
            replace(node, String(isSmallInteger ? value + 1 : 2 * value));
          },
          ConditionalExpression(node) {
            replace(node, `(${textOf(node.consequent)})`);
            replace(node, `(${textOf(node.alternate)})`);
          },
          IfStatement(node) {
            replace(node.test, "true");
            replace(node.test, "false");
          },
          ExpressionStatement(node) {
            const { type } = node.expression;
            if (type !== "Literal") replace(node, ";");
          },
          CallExpression(node) {
            const name = textOf(node.callee);
            const [first, second] = node.arguments;
            if (Object.hasOwn(functions, name)) {
              replace(node.callee, functions[name]);
            }
            if (forgettable.has(name)) replace(node, textOf(first));
            if (!second || first.type === "SpreadElement") return;
            if (Object.hasOwn(functions, name)) {
              replace(node, textOf(first));
              replace(node, textOf(second));
            }
            if (symmetric.has(name) || isText(first) || isText(second)) return;
            if (second.type === "SpreadElement") return;
            const range = [first.range[0], second.range[1]] as const;
            const between = text.slice(first.range[1], second.range[0]);
            report(node, range, textOf(second) + between + textOf(first));
          },
        };
      },
    },
  },
};

export default plugin;
