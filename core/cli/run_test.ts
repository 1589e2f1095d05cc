import assert from "node:assert/strict";
import { type Command, command } from "./command.ts";
import { ConfigError } from "../config/mod.ts";
import { UsageError } from "./errors.ts";
import { MemoryIo } from "./io.ts";
import { run } from "./run.ts";
import { versionLine } from "./version.ts";

const failures: Record<string, Error> = {
  plain: new Error("Could not reach the hub: refused.", { cause: new Error("os error 111") }),
  usage: new UsageError('Invalid port "x": must be a number'),
  config: new ConfigError("Could not read credentials.yaml"),
  bug: new TypeError("boom\nsecond line"),
};

function program(calls: string[] = []): Command {
  const grant = command({
    name: "grant",
    summary: "Grant a permission",
    flags: { json: { type: "boolean", summary: "As JSON." } },
    positionals: [{ name: "id", kind: "required" }],
    run: ({ args, flags, io }) => {
      calls.push(`grant ${args} ${flags.json}`);
      io.stdout("granted\n");
    },
  });
  const access = command({
    name: "access",
    summary: "List who may do what",
    commands: [grant],
    run: ({ io }) => io.stdout("everyone\n"),
  });
  const fail = command({
    name: "fail",
    summary: "Fail",
    flags: { v: { type: "boolean", summary: "Verbose." } },
    positionals: [{ name: "how", kind: "required" }],
    run: ({ args }) => {
      throw failures[args[0]!];
    },
  });
  const admin = command({ name: "admin", summary: "Administer", commands: [access] });
  const connect = command({ name: "connect", summary: "Connect", run: () => {} });
  return command({ name: "tool", summary: "A tool", commands: [connect, admin, fail] });
}

async function ran(line: string, calls: string[] = []) {
  const io = new MemoryIo({ args: line === "" ? [] : line.split(" ") });
  const code = await run(program(calls), io);
  return { code, out: io.out, err: io.err };
}

Deno.test("run() prints help to stdout and exits 0 in every spelling (client 6)", async () => {
  const top = await ran("");
  assert.match(top.out, /^tool — A tool\n\nUSAGE\n {2}tool <command>/);
  for (const line of ["help", "-h", "--h", "-?", "-help", "--help", "help -h"]) {
    assert.deepEqual(await ran(line), { code: 0, out: top.out, err: "" }, line);
  }
  const grant = await ran("help admin access grant");
  assert.match(grant.out, /^tool admin access grant — Grant a permission\n/);
  const spellings = ["grant -h", "grant x -?", "grant --help -json", "help grant"];
  for (const line of spellings.map((words) => `admin access ${words}`)) {
    assert.deepEqual(await ran(line), { code: 0, out: grant.out, err: "" }, line);
  }
  const admin = await ran("admin");
  assert.match(admin.out, /^tool admin — Administer\n/);
  assert.equal(admin.code, 0);
  for (const line of ["admin help", "help admin", "admin -h"]) {
    assert.deepEqual(await ran(line), admin, line);
  }
  assert.match((await ran("connect help")).out, /^tool connect — Connect\n/);
});

Deno.test("run() suggests the nearest command when one is unknown (client 5)", async () => {
  const { code, out, err } = await ran("conect");
  assert.equal(code, 1);
  assert.equal(out, "");
  const top = (await ran("")).out;
  assert.equal(err, 'Error: unknown command "conect"\nDid you mean: connect?\n\n' + top);
  assert.equal((await ran("xyzzy -h")).err, 'Error: unknown command "xyzzy"\n\n' + top);
  assert.equal((await ran("help xyzzy")).code, 1);
  const nested = await ran("admin access grnt a");
  assert.match(
    nested.err,
    /^Error: unknown command "grnt"\nDid you mean: grant\?\n\ntool admin acc/,
  );
  assert.equal(nested.code, 1);
});

Deno.test("run() runs nothing and exits 2 with help on stderr when usage is wrong (client 4, 7)", async () => {
  const calls: string[] = [];
  for (const line of ["admin access grant", "admin access grant a -x", "connect extra", "-x"]) {
    const { code, out, err } = await ran(line, calls);
    assert.equal(code, 2, line);
    assert.equal(out, "", line);
    assert.match(err, /^Error: [^\n]+\n\ntool/, line);
    assert.equal(err.match(/^Error:/gm)?.length, 1);
  }
  assert.deepEqual(calls, []);
  assert.deepEqual(await ran("admin access grant a -json", calls), {
    code: 0,
    out: "granted\n",
    err: "",
  });
  assert.deepEqual(calls, ["grant a true"]);
});

Deno.test("run() runs a command that has sub-commands when none is named", async () => {
  assert.deepEqual(await ran("admin access"), { code: 0, out: "everyone\n", err: "" });
  const seen: string[] = [];
  const daemon = command({
    name: "daemon",
    summary: "Serve",
    flags: { config: { type: "string", summary: "File." } },
    commands: [command({ name: "pair", summary: "Pair", run: () => void seen.push("pair") })],
    run: ({ flags }) => void seen.push(`serve ${flags.config}`),
  });
  assert.equal(await run(daemon, new MemoryIo()), 0);
  assert.equal(await run(daemon, new MemoryIo({ args: ["-config", "a"] })), 0);
  assert.equal(await run(daemon, new MemoryIo({ args: ["pair"] })), 0);
  assert.equal(await run(daemon, new MemoryIo({ args: ["pear"] })), 1);
  assert.deepEqual(seen, ["serve undefined", "serve a", "pair"]);
});

Deno.test("run() finds a word behind flags of the command above it", async () => {
  const seen: unknown[] = [];
  const flags = {
    machine: { type: "string", summary: "Machine." },
    json: { type: "boolean", summary: "Print JSON." },
  } as const;
  const set = command({
    name: "set",
    summary: "Set",
    flags,
    positionals: [{ name: "to", kind: "required" }],
    run: ({ flags, args }) => void seen.push([flags.machine, flags.json, ...args]),
  });
  const tool = command({
    name: "tool",
    summary: "Tool",
    flags,
    commands: [set],
    run: ({ flags }) => void seen.push(flags.machine),
  });
  const lines = [
    "-machine barn set stable",
    "--machine=barn -json set stable",
    "-json set stable -machine barn",
    "-machine set",
    "-machine barn",
  ];
  for (const line of lines) await run(tool, new MemoryIo({ args: line.split(" ") }));
  assert.deepEqual(seen, [
    ["barn", false, "stable"],
    ["barn", true, "stable"],
    ["barn", true, "stable"],
    "set",
    "barn",
  ]);
  for (const line of ["-other x set stable", "-machine barn sett stable"]) {
    assert.equal(await run(tool, new MemoryIo({ args: line.split(" ") })), 2);
  }
});

Deno.test("run() passes over the -- that a task runner puts before our words", async () => {
  for (const line of ["-- admin access grant x -json", "admin -- access grant x -json"]) {
    const calls: string[] = [];
    assert.equal((await ran(line, calls)).code, 0);
    assert.deepEqual(calls, ["grant x true"]);
  }
  const calls: string[] = [];
  assert.equal((await ran("admin access grant -- -json", calls)).code, 0);
  assert.deepEqual(calls, ["grant -json false"]);
});

Deno.test("run() maps errors to exit codes, one line each, the chain only with -v", async () => {
  const plain = await ran("fail plain");
  assert.deepEqual(plain, { code: 1, out: "", err: "Error: could not reach the hub: refused\n" });
  const verbose = await ran("fail plain -v");
  assert.equal(verbose.err, "Error: could not reach the hub: refused: os error 111\n");
  const usage = await ran("fail usage");
  assert.equal(usage.code, 2);
  assert.match(usage.err, /^Error: invalid port "x": must be a number\n\ntool fail — Fail\n/);
  const config = await ran("fail config");
  assert.deepEqual(config, { code: 3, out: "", err: "Error: could not read credentials.yaml\n" });
  assert.deepEqual(await ran("fail bug"), { code: 1, out: "", err: "Error: boom second line\n" });
});

Deno.test("run() prints the version in each spelling (client 1)", async () => {
  const line = `${versionLine("tool")}\n`;
  for (const spelling of ["version", "-version", "--version"]) {
    assert.deepEqual(await ran(spelling), { code: 0, out: line, err: "" }, spelling);
  }
  assert.equal((await ran("version extra")).code, 2);
});
