import assert from "node:assert/strict";
import fc from "fast-check";
import { command } from "./command.ts";
import { UsageError } from "./errors.ts";
import { parse } from "./parse.ts";

const dial = command({
  name: "dial",
  summary: "Dial",
  flags: {
    hub: { type: "string", summary: "Hub.", env: "T_HUB", required: true },
    mtu: { type: "number", summary: "MTU.", env: "T_MTU", default: 1100, min: 576, max: 16384 },
    v: { type: "boolean", summary: "Verbose.", env: "T_V" },
    note: { type: "string", summary: "Note." },
  },
  positionals: [{ name: "machine", kind: "required" }, { name: "port", kind: "optional" }],
});

function parsed(line: string, env: Record<string, string> = {}) {
  const argv = line === "" ? [] : line.split(" ");
  return parse(dial, { argv, env: (name) => env[name] });
}

const run = (flags: Record<string, unknown>, ...args: string[]) => ({
  kind: "run",
  flags: { mtu: 1100, v: false, note: undefined, ...flags },
  args,
});

Deno.test("parse() takes one dash or two, a blank or =, anywhere (client 2, 3)", () => {
  const table: [string, unknown][] = [
    ["-hub h barn", run({ hub: "h" }, "barn")],
    ["--hub h barn", run({ hub: "h" }, "barn")],
    ["-hub=h barn", run({ hub: "h" }, "barn")],
    ["barn --hub=h", run({ hub: "h" }, "barn")],
    ["barn -hub a=b 22 -v", run({ hub: "a=b", v: true }, "barn", "22")],
    ["-hub=a=b barn", run({ hub: "a=b" }, "barn")],
    ["barn -hub h -note -x", run({ hub: "h", note: "-x" }, "barn")],
    ["barn -hub h -note=-v", run({ hub: "h", note: "-v" }, "barn")],
    ["barn -hub h -note=", run({ hub: "h", note: "" }, "barn")],
    ["barn -hub h -v=false", run({ hub: "h" }, "barn")],
    ["barn -hub h -v=true", run({ hub: "h", v: true }, "barn")],
    ["barn -hub h -mtu 576", run({ hub: "h", mtu: 576 }, "barn")],
    ["-hub h -- -v -mtu", run({ hub: "h" }, "-v", "-mtu")],
    ["-hub h -", run({ hub: "h" }, "-")],
    ["-hub a barn -hub b", run({ hub: "b" }, "barn")],
  ];
  for (const [line, expected] of table) assert.deepEqual(parsed(line), expected, line);
});

Deno.test("parse() prefers flag to environment to default, empty being unset (client 8)", () => {
  const env = { T_HUB: "e", T_MTU: "1400", T_V: "1" };
  assert.deepEqual(parsed("barn", env), run({ hub: "e", mtu: 1400, v: true }, "barn"));
  assert.deepEqual(
    parsed("barn -hub f -mtu 600 -v=false", env),
    run({ hub: "f", mtu: 600 }, "barn"),
  );
  assert.deepEqual(parsed("barn", { T_HUB: "e", T_MTU: "" }), run({ hub: "e" }, "barn"));
});

Deno.test("parse() refuses what is wrong, naming it and the rule (client 4, 7)", () => {
  const range = "must be a whole number from 576 to 16384";
  const table: [string, Record<string, string>, string][] = [
    ["-bogus barn", {}, "Unknown flag -bogus"],
    ["--hup=h barn", {}, "Unknown flag -hup: did you mean -hub?"],
    ["---hub h barn", {}, "Unknown flag --hub: did you mean -hub?"],
    ["-toString barn", {}, "Unknown flag -toString"],
    ["barn", {}, "Missing -hub (or T_HUB)"],
    ["barn -hub=", { T_HUB: "e" }, "Missing -hub (or T_HUB)"],
    ["-hub h", {}, "Missing <machine>"],
    ["barn -hub", {}, "Missing value for -hub"],
    ["barn -hub -mtu 600", {}, "Missing value for -hub"],
    ["barn -hub h 22 more", {}, 'Unexpected argument "more"'],
    ["barn -hub h -mtu x", {}, `Invalid value "x" for -mtu: ${range}`],
    ["barn -hub h -mtu 575", {}, `Invalid value "575" for -mtu: ${range}`],
    ["barn -hub h -mtu 16385", {}, `Invalid value "16385" for -mtu: ${range}`],
    ["barn -hub h -mtu 1e3", {}, `Invalid value "1e3" for -mtu: ${range}`],
    ["barn -hub h", { T_MTU: "big" }, `Invalid value "big" for T_MTU: ${range}`],
    ["barn -hub h -v=yes", {}, 'Invalid value "yes" for -v: must be true or false'],
  ];
  for (const [line, env, message] of table) {
    assert.throws(() => parsed(line, env), new UsageError(message), line);
  }
});

Deno.test("parse() sees a request for help before what is missing, but not behind --", () => {
  for (const spelling of ["-h", "--h", "-?", "-help", "--help"]) {
    assert.deepEqual(parsed(`barn ${spelling}`), { kind: "help" }, spelling);
  }
  assert.deepEqual(parsed("-hub h -- -h"), run({ hub: "h" }, "-h"));
});

Deno.test("parse() passes any number of arguments to a variadic command", () => {
  const all = command({
    name: "all",
    summary: "All",
    positionals: [{ name: "first", kind: "required" }, { name: "more", kind: "variadic" }],
  });
  const env = () => undefined;
  assert.deepEqual(parse(all, { argv: ["a"], env }), { kind: "run", flags: {}, args: ["a"] });
  const three = parse(all, { argv: ["a", "b", "c"], env });
  assert.deepEqual(three, { kind: "run", flags: {}, args: ["a", "b", "c"] });
  assert.throws(() => parse(all, { argv: [], env }), new UsageError("Missing <first>"));
});

Deno.test("parse() gives a run, help or UsageError for any arguments", () => {
  const word = fc.constantFrom(
    "-hub",
    "--mtu",
    "-v",
    "-v=",
    "--",
    "-",
    "h",
    "-h",
    "=",
    "-=",
    "--=x",
  );
  const argv = fc.array(fc.oneof(fc.string(), word), { maxLength: 8 });
  fc.assert(
    fc.property(argv, (argv) => {
      try {
        const { kind } = parse(dial, { argv, env: () => undefined });
        assert.ok(kind === "run" || kind === "help");
      } catch (error) {
        assert.ok(error instanceof UsageError, String(error));
      }
    }),
    { seed: 20_261_121, numRuns: 2_000 },
  );
});
