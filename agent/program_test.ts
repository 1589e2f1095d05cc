import assert from "node:assert/strict";
import { MemoryIo, run, VERSION } from "../core/cli/mod.ts";
import type { Log } from "../core/log/mod.ts";
import type { Json } from "../core/control/mod.ts";
import { FakeWorld, type HubEnd } from "./_fakes.ts";
import { telad } from "./program.ts";
import type { ProgramSurroundings } from "./run.ts";

/** A process whose home is a directory of its own and whose signals the test sends. */
class FakeProcess {
  readonly world: FakeWorld = new FakeWorld();
  readonly home: string;
  stop: () => void = () => {};
  crash: (error: unknown) => void = () => {};
  verbose: boolean | undefined;

  constructor(home: string) {
    this.home = home;
  }

  get surroundings(): ProgramSurroundings {
    const noMore = { [Symbol.dispose]: () => {} };
    return {
      host: { os: "linux", env: (name) => name === "HOME" ? this.home : undefined },
      pid: 4711,
      hostname: () => "box",
      fetch: () => Promise.reject(new Error("not asked for")),
      open: (log: Log, verbose: boolean) => {
        this.verbose = verbose;
        return this.world.surroundings({ log, verbose });
      },
      onStop: (stop) => {
        this.stop = stop;
        return noMore;
      },
      onCrash: (report) => {
        this.crash = report;
        return noMore;
      },
    };
  }
}

async function inHome(body: (process: FakeProcess) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    await body(new FakeProcess(home));
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    assert.ok(error instanceof Deno.errors.NotFound);
    return false;
  }
}

const FLAGS = ["-hub", "ws://hub", "-machine", "barn", "-ports", "22:SSH,80", "-token", "s3cret"];

Deno.test("telad says what to give, with exit code 2, when it has nothing to run", () =>
  inHome(async ({ surroundings }) => {
    const io = new MemoryIo();
    assert.equal(await run(telad(surroundings), io), 2);
    assert.match(
      io.err,
      /^Error: nothing to run: give -config with a telad.yaml, or -hub, -machine and -ports\n/,
    );
    assert.match(io.err, /-exit-on-auth-failure/);
    assert.equal(io.out, "");
  }));

Deno.test("telad prints version and help, and refuses an unknown flag with exit code 2 (agent 73)", () =>
  inHome(async ({ surroundings }) => {
    const version = new MemoryIo({ args: ["version"] });
    assert.equal(await run(telad(surroundings), version), 0);
    assert.match(version.out, new RegExp(`^telad ${VERSION} \\w+/\\w+\\n$`));
    const help = new MemoryIo({ args: ["-h"] });
    assert.equal(await run(telad(surroundings), help), 0);
    for (const name of ["config", "hub", "machine", "token", "ports", "target-host", "mtu"]) {
      assert.ok(help.out.includes(`-${name}`), name);
    }
    const unknown = new MemoryIo({ args: ["-prts", "22"] });
    assert.equal(await run(telad(surroundings), unknown), 2);
    assert.match(unknown.err, /did you mean -ports/);
  }));

Deno.test("telad registers what flags say, and ends with 0 when told to stop (agent 20)", () =>
  inHome(async (process) => {
    const io = new MemoryIo({ args: [...FLAGS, "-target-host", "10.0.0.1", "-v"] });
    const ended = run(telad(process.surroundings), io);
    const hub = await process.world.sockets.next();
    const register = await hub.expect("register");
    assert.equal(register.machineName, "barn");
    assert.equal(register.token, "s3cret");
    assert.equal(register.hostname, "box");
    assert.deepEqual(register.ports, [22, 80]);
    assert.equal(process.verbose, true);
    const state = await Deno.readTextFile(`${process.home}/.tela/telad.state`);
    assert.ok(state.includes(register.agentId));
    assert.equal(await exists(`${process.home}/.tela/run/telad.json`), false);
    process.crash(new TypeError("x is undefined"));
    process.stop();
    assert.equal(await ended, 0);
    assert.match(io.err, /\[telad\] internal error: TypeError: x is undefined /);
    assert.match(io.err, /\[telad:barn\] stopped\n/);
    assert.ok(!io.err.includes("s3cret"));
    assert.equal(io.out, "");
  }));

Deno.test("telad runs a configuration, ignores single-machine settings then, and leaves a run file meanwhile (agent 5, agent 8)", () =>
  inHome(async (process) => {
    const config = `${process.home}/telad.yaml`;
    await Deno.writeTextFile(
      config,
      "hub: ws://hub\nmachines:\n  - { name: barn, ports: [22] }\n  - { name: attic, ports: [80] }\n",
    );
    const env = { TELAD_CONFIG: config, TELA_TOKEN: "s3cret", TELA_HUB: "ws://other" };
    const io = new MemoryIo({ args: ["-machine", "other", "-mtu", "1300"], env });
    const ended = run(telad(process.surroundings), io);
    const { sockets, tunnels } = process.world;
    const [barn, attic] = [await sockets.next(), await sockets.next()];
    for (const [hub, name] of [[barn, "barn"], [attic, "attic"]] as const) {
      const register = await hub.expect("register");
      assert.equal(register.machineName, name);
      assert.equal(register.token, undefined);
    }
    const wgPubKey = "11".repeat(32);
    barn.send({ type: "session-request", sessionId: "abcdefgh", sessionIdx: 1, wgPubKey });
    (await sockets.next()).send({ type: "session-start" });
    assert.equal((await tunnels.next()).options.mtuBytes, 1300);
    assert.ok(await exists(`${process.home}/telad.state`));
    const runFile = `${process.home}/.tela/run/telad.json`;
    assert.equal(JSON.parse(await Deno.readTextFile(runFile)).pid, 4711);
    process.stop();
    assert.equal(await ended, 0);
    assert.equal(await exists(runFile), false);
  }));

Deno.test("telad prints the fingerprint that it then registers and logs, beside its configuration", () =>
  inHome(async (process) => {
    const config = `${process.home}/telad.yaml`;
    const asked = new MemoryIo({ args: ["-fingerprint", "-config", config] });
    assert.equal(await run(telad(process.surroundings), asked), 0);
    assert.match(asked.out, /^SHA256:[A-Za-z0-9+/]{43}\n$/);
    assert.ok(await exists(`${process.home}/telad.key`));
    await Deno.writeTextFile(config, "hub: ws://hub\nmachines:\n  - { name: barn, ports: [22] }\n");
    const io = new MemoryIo({ args: ["-config", config] });
    const ended = run(telad(process.surroundings), io);
    const register = await (await process.world.sockets.next()).expect("register");
    assert.equal(register.capabilities?.identity, asked.out.trim());
    process.stop();
    await ended;
    assert.ok(io.err.includes(`identity ${asked.out}`));
  }));

Deno.test("telad begins anew when the hub asks, with the configuration as it is then (agent 61, agent 65)", () =>
  inHome(async (process) => {
    const config = `${process.home}/telad.yaml`;
    await Deno.writeTextFile(config, "hub: ws://hub\nmachines:\n  - { name: barn, ports: [22] }\n");
    const io = new MemoryIo({ args: ["-config", config] });
    const ended = run(telad(process.surroundings), io);
    const { sockets, clock } = process.world;
    const ask = async (hub: HubEnd, requestId: string, action: string, payload?: Json) => {
      hub.send({ type: "mgmt-request", requestId, action, payload });
      return await hub.expect("mgmt-response");
    };
    let hub = await sockets.next();
    const { agentId } = await hub.expect("register");
    const fields = { ports: [22, 80], location: "garage" };
    const payload = { machine: "barn", fields };
    hub.send({ type: "mgmt-request", requestId: "1", action: "config-set", payload });
    const described = await hub.expect("register");
    assert.deepEqual([described.location, described.ports], ["garage", [22]]);
    assert.equal((await hub.expect("mgmt-response")).ok, true);

    await Deno.writeTextFile(config, "hub: ws://hub\nmachines: []\n");
    const refused = await ask(hub, "2", "restart");
    assert.deepEqual([refused.ok, refused.message], [
      false,
      `${config}: 'machines' list is empty`,
    ]);
    await Deno.writeTextFile(config, "hub: ws://hub\nmachines:\n  - { name: barn, ports: [9] }\n");
    assert.equal((await ask(hub, "3", "restart")).message, "restarting");
    clock.advance(500);
    assert.deepEqual(await hub.closed, { code: 1001, reason: "agent leaving" });
    hub = await sockets.next();
    const register = await hub.expect("register");
    assert.deepEqual([register.agentId, register.ports], [agentId, [9]]);
    const logs = await ask(hub, "4", "logs", { lines: 1000 });
    assert.match(JSON.stringify(logs.payload), /management: restart.*\[telad\] restarting/);
    process.stop();
    assert.equal(await ended, 0);
  }));

Deno.test("telad ends with 1 when the hub refuses its token and it was asked to (agent 16)", () =>
  inHome(async (process) => {
    const io = new MemoryIo({ args: [...FLAGS, "-exit-on-auth-failure"] });
    const ended = run(telad(process.surroundings), io);
    (await process.world.sockets.next()).refuse("Access denied");
    assert.equal(await ended, 1);
    assert.match(io.err, /the hub refuses this agent: Access denied\n/);
    assert.match(io.err, /Error: the hub refused the token of this agent\n$/);
  }));

Deno.test("telad names what is wrong with its configuration (agent 1)", () =>
  inHome(async (process) => {
    const config = `${process.home}/telad.yaml`;
    await Deno.writeTextFile(config, "hub: ws://hub\n");
    const io = new MemoryIo({ args: ["-config", config] });
    assert.notEqual(await run(telad(process.surroundings), io), 0);
    assert.equal(io.err, `Error: ${config}: 'machines' list is empty\n`);
    const mtu = new MemoryIo({ args: ["-config", config], env: { TELAD_MTU: "9" } });
    assert.equal(await run(telad(process.surroundings), mtu), 2);
  }));
