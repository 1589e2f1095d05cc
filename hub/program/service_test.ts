import assert from "node:assert/strict";
import { MemoryIo, run } from "../../core/cli/mod.ts";
import { type Clock, systemClock } from "../../core/clock/mod.ts";
import { type ServiceHost, systemdUnitPath } from "../../core/service/mod.ts";
import { HubConfigFile } from "../config/mod.ts";
import { inTemporaryFolder } from "../testing/mod.ts";
import { commandOfTask } from "./self.ts";
import { serviceCommand } from "./service.ts";

const TOKENS = "auth: {tokens: [{id: owner, token: s3cret, hubRole: owner}]}\n";

interface Rig {
  readonly dir: string;
  /** The system's configuration. */
  readonly path: string;
  /** What the service manager was told. */
  readonly told: string[];
  readonly units: Map<string, string>;
  readonly service: (...args: string[]) => Promise<{ code: number; out: string; err: string }>;
}

function withService(test: (rig: Rig) => Promise<void>): Promise<void> {
  return inTemporaryFolder(async (dir) => {
    const path = `${dir}/etc/telahubd.yaml`;
    const told: string[] = [];
    const units = new Map<string, string>();
    const host: ServiceHost = {
      os: "linux",
      run: (command) => {
        told.push(command.slice(1).join(" "));
        return Promise.resolve({ code: 0, stdout: "active\n", stderr: "" });
      },
      exists: (unit) => Promise.resolve(units.has(unit)),
      write: (unit, content) => {
        units.set(unit, new TextDecoder().decode(content));
        return Promise.resolve();
      },
      remove: (unit) => Promise.resolve(void units.delete(unit)),
      temporary: () => Promise.reject(new Error("not needed")),
    };
    const clock: Clock = {
      ...systemClock,
      setTimer: (callback, delayMs) => {
        told.push(`wait ${delayMs}`);
        queueMicrotask(callback);
        return { cancel: () => {} };
      },
    };
    const program = () => Promise.resolve(["/usr/bin/telahubd"]);
    const command = serviceCommand({ host, program, configPath: () => path, clock });
    const service: Rig["service"] = async (...args) => {
      const io = new MemoryIo({ args });
      const code = await run(command, io);
      assert.ok(!(io.out + io.err).includes("s3cret"));
      return { code, out: io.out, err: io.err };
    };
    await test({ dir, path, told, units, service });
  });
}

const SILENT = { code: 0, out: "", err: "" };

Deno.test("service install makes a configuration, notes the program, registers it (hub 77)", () =>
  withService(async ({ path, dir, told, units, service }) => {
    assert.deepEqual(await service("install", "-name", "lab", "-port", "8080"), SILENT);
    const { config } = await HubConfigFile.open(path);
    assert.deepEqual([config.name, config.port, config.udpPort], ["lab", 8080, 41820]);
    assert.deepEqual(JSON.parse(await Deno.readTextFile(`${dir}/etc/telahubd-service.json`)), {
      binaryPath: "/usr/bin/telahubd",
      description: "telahubd - Tela",
      workingDir: `${dir}/etc`,
    });
    const unit = units.get(systemdUnitPath("telahubd"))!;
    assert.match(unit, /^ExecStart="\/usr\/bin\/telahubd" "service" "run"$/m);
    assert.deepEqual(told, ["daemon-reload", "enable telahubd"]);
  }));

Deno.test("service install copies a configuration that is good, private", {
  ignore: Deno.build.os === "windows",
}, () =>
  withService(async ({ path, dir, service }) => {
    await Deno.writeTextFile(`${dir}/mine.yaml`, `# mine\n${TOKENS}`, { mode: 0o644 });
    assert.deepEqual(await service("install", "-config", `${dir}/mine.yaml`), SILENT);
    assert.equal(await Deno.readTextFile(path), `# mine\n${TOKENS}`);
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    assert.deepEqual(await service("install", "-config", path), SILENT, "it may be there already");
  }));

Deno.test("service install never overwrites tokens, and takes no bad file (hub 77)", () =>
  withService(async ({ path, dir, told, service }) => {
    await Deno.mkdir(`${dir}/etc`);
    await Deno.writeTextFile(path, TOKENS);
    await Deno.writeTextFile(`${dir}/other.yaml`, "name: other\n");
    await Deno.writeTextFile(`${dir}/bad.yaml`, "port: [\n");
    const refused: [args: string[], code: number, words: RegExp][] = [
      [[], 1, /holds tokens, which would be lost/],
      [["-config", `${dir}/other.yaml`], 1, /holds tokens/],
      [["-config", `${dir}/bad.yaml`], 3, /line \d/],
      [["-config", `${dir}/none.yaml`], 3, /no such file/],
      [["-port", "0"], 2, /-port/],
    ];
    for (const [args, code, words] of refused) {
      const ran = await service("install", ...args);
      assert.deepEqual([ran.code, ran.out], [code, ""], args.join(" "));
      assert.match(ran.err, words);
    }
    assert.equal(await Deno.readTextFile(path), TOKENS);
    assert.deepEqual(told, []);
  }));

Deno.test("service start, stop, restart, status and uninstall reach the service manager", () =>
  withService(async ({ path, told, units, service }) => {
    assert.equal(
      (await service("status")).out,
      "installed: no\nrunning: no\nstatus: not installed\n",
    );
    await service("install");
    told.length = 0;
    for (const verb of ["start", "stop", "restart"]) assert.deepEqual(await service(verb), SILENT);
    assert.deepEqual(told.splice(0), [
      "start telahubd",
      "stop telahubd",
      ...["stop telahubd", "wait 1000", "start telahubd"],
    ]);
    assert.equal(
      (await service("status")).out,
      `installed: yes\nrunning: yes\nstatus: active\nconfig: ${path}\n`,
    );
    assert.deepEqual(await service("uninstall"), SILENT);
    assert.equal(units.size, 0);
    assert.ok((await Deno.stat(path)).isFile, "the configuration stays");
  }));

Deno.test("service run needs what service install has made", () =>
  withService(async ({ dir, path, service }) => {
    for (const missing of [/telahubd\.yaml/, /telahubd-service\.json/]) {
      const ran = await service("run");
      assert.deepEqual([ran.code, ran.out], [3, ""]);
      assert.match(ran.err, missing);
      await Deno.mkdir(`${dir}/etc`, { recursive: true });
      await Deno.writeTextFile(path, "");
    }
  }));

Deno.test("commandOfTask() gives a service the permissions of the task, from any folder", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );
  const words = commandOfTask(tasks.hub, { deno: "/bin/deno", root: "/tela/" });
  assert.deepEqual([words[0], words[1], words.at(-1)], ["/bin/deno", "run", "/tela/hub/main.ts"]);
  assert.ok(words.includes("--no-prompt") && !words.includes("-A"));
  const withEnv = commandOfTask("A_B=1 deno run --no-prompt hub/main.ts", {
    ...{ deno: "/bin/deno", root: "/tela/", env: "/usr/bin/env" },
  });
  assert.deepEqual(withEnv.slice(0, 4), ["/usr/bin/env", "A_B=1", "/bin/deno", "run"]);
  assert.throws(() => commandOfTask("deno test", { deno: "d", root: "/" }), {
    name: "ConfigError",
  });
});
