/**
 * House rules that Deno's own linter does not have. Each rule states which numbered convention it
 * keeps; `plugin_test.ts` shows one offence and one clean example of every rule.
 *
 * @module
 */

/** Folders of `core` whose code is sans-IO: no clock, no randomness, no socket of their own. */
const PROTOCOL_CORES = [
  "aead",
  "bytes",
  "control",
  "direct",
  "endpoint",
  "ip",
  "relay",
  "stun",
  "tcp",
  "wireguard",
];

/** Parts of `core` that would let the hub read what it relays. */
const HUB_FORBIDDEN = ["aead", "wireguard", "ip", "tcp", "netstack", "tunnel"];

const AMBIENT_GLOBALS = new Set([
  "Date",
  "performance",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "Deno",
  "WebSocket",
  "fetch",
]);

const AMBIENT_MEMBERS = new Set([
  "Math.random",
  "crypto.getRandomValues",
  "crypto.randomUUID",
]);

const MAX_FILE_LINES = 400;
const MAX_FUNCTION_LINES = 60;

const ROOT = new URL("../../", import.meta.url).pathname;

/** Where a source file stands in the tree, as `["core", "tcp", "rto.ts"]`; undefined outside it. */
function placeOf(filename: string): string[] | undefined {
  const path = filename.replaceAll("\\", "/").replace("file://", "");
  return path.startsWith(ROOT) ? path.slice(ROOT.length).split("/") : undefined;
}

function isTest(file: string): boolean {
  return file.endsWith("_test.ts") || file.endsWith("_bench.ts");
}

/** Resolves a relative import to its place in the tree. */
function resolvePlace(place: string[], specifier: string): string[] {
  const path = place.slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") path.pop();
    else if (part !== ".") path.push(part);
  }
  return path;
}

type ModuleReference = { source: { value: unknown } | null; attributes?: readonly unknown[] };

function relativeTarget(
  context: Deno.lint.RuleContext,
  node: ModuleReference,
): { place: string[]; target: string[] } | undefined {
  const place = placeOf(context.filename);
  const specifier = node.source?.value;
  if (place === undefined || typeof specifier !== "string" || !specifier.startsWith(".")) {
    return undefined;
  }
  // `with { type: "text" }`: the content of a file, none of its code.
  if (node.attributes !== undefined && node.attributes.length > 0) return undefined;
  return { place, target: resolvePlace(place, specifier) };
}

/** Visits every static import and re-export with its resolved target. */
function onImports(
  context: Deno.lint.RuleContext,
  visit: (place: string[], target: string[], node: Deno.lint.Node) => void,
): Deno.lint.LintVisitor {
  const check = (node: Deno.lint.Node & ModuleReference) => {
    const found = relativeTarget(context, node);
    if (found !== undefined) visit(found.place, found.target, node);
  };
  return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check };
}

/** Rule 3: nothing outside a folder imports past its `mod.ts`. */
const frontDoor: Deno.lint.Rule = {
  create: (context) =>
    onImports(context, (place, target, node) => {
      const from = place.slice(0, -1).join("/");
      const to = target.slice(0, -1).join("/");
      const file = target.at(-1)!;
      if (from === to || file === "mod.ts" || file.endsWith(".json")) return;
      if (place[0] === "tests" && target[0] === "tests") return;
      context.report({ node, message: `Import ${to}/mod.ts, not ${file} behind it` });
    }),
};

/** Rule 4: imports flow `agent`, `hub`, `client` to `core`, never back or sideways. */
const importDirection: Deno.lint.Rule = {
  create: (context) =>
    onImports(context, (place, target, node) => {
      const from = place[0]!;
      const to = target[0]!;
      if (from === to || from === "tests" || to === "core") return;
      context.report({ node, message: `${from}/ must not import ${to}/` });
    }),
};

/** Design, section 4: the hub is blind because it cannot be otherwise. */
const blindHub: Deno.lint.Rule = {
  create: (context) =>
    onImports(context, (place, target, node) => {
      if (place[0] !== "hub" || target[0] !== "core") return;
      if (!HUB_FORBIDDEN.includes(target[1]!)) return;
      context.report({ node, message: `hub/ must not import core/${target[1]}` });
    }),
};

function isProtocolCore(filename: string): boolean {
  const place = placeOf(filename);
  return place !== undefined && place[0] === "core" && PROTOCOL_CORES.includes(place[1]!) &&
    !isTest(place.at(-1)!);
}

/** Rule 11: protocol cores are given the time and randomness, they never fetch them. */
const noAmbient: Deno.lint.Rule = {
  create(context) {
    if (!isProtocolCore(context.filename)) return {};
    const report = (node: Deno.lint.Node, name: string) =>
      context.report({ node, message: `A protocol core must be given ${name}, not reach for it` });
    return {
      MemberExpression(node) {
        if (node.object.type !== "Identifier" || node.property.type !== "Identifier") return;
        const name = `${node.object.name}.${node.property.name}`;
        if (AMBIENT_MEMBERS.has(name)) report(node, name);
        else if (AMBIENT_GLOBALS.has(node.object.name)) report(node, node.object.name);
      },
      CallExpression(node) {
        if (node.callee.type === "Identifier" && AMBIENT_GLOBALS.has(node.callee.name)) {
          report(node, node.callee.name);
        }
      },
      NewExpression(node) {
        if (node.callee.type === "Identifier" && AMBIENT_GLOBALS.has(node.callee.name)) {
          report(node, node.callee.name);
        }
      },
    };
  },
};

function lineCount(text: string): number {
  return text.length === 0 ? 0 : text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

/** Rule 1: one concept, at most 400 lines. A file that says `Length:` and why is exempt. */
const fileLength: Deno.lint.Rule = {
  create: (context) => ({
    Program(node) {
      const text = context.sourceCode.text;
      const lines = lineCount(text);
      if (lines <= MAX_FILE_LINES || /^ \* Length: /m.test(text.slice(0, 2000))) return;
      context.report({ node, message: `${lines} lines, at most ${MAX_FILE_LINES}: split it` });
    },
  }),
};

/** Rule 1: functions at most 60 lines. */
const functionLength: Deno.lint.Rule = {
  create(context) {
    if (isTest(context.filename)) return {};
    const check = (node: Deno.lint.Node) => {
      const lines = lineCount(context.sourceCode.getText(node));
      if (lines <= MAX_FUNCTION_LINES) return;
      context.report({ node, message: `${lines} lines, at most ${MAX_FUNCTION_LINES}: split it` });
    };
    return {
      FunctionDeclaration: check,
      FunctionExpression: check,
      ArrowFunctionExpression: check,
    };
  },
};

/** Rules 3 and 6: no default exports, no `enum`. */
const namedExports: Deno.lint.Rule = {
  create(context) {
    if (context.filename.endsWith("/tests/lint/plugin.ts")) return {};
    return {
      ExportDefaultDeclaration: (node) =>
        context.report({ node, message: "Export by name: no default exports" }),
      TSEnumDeclaration: (node) =>
        context.report({ node, message: "Use an `as const` object and a type: no enum" }),
    };
  },
};

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "front-door": frontDoor,
    "import-direction": importDirection,
    "blind-hub": blindHub,
    "no-ambient": noAmbient,
    "file-length": fileLength,
    "function-length": functionLength,
    "named-exports": namedExports,
  },
};

/** Deno loads a lint plugin by its default export. */
export default plugin;
