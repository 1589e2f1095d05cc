import assert from "node:assert/strict";
import { VERSION } from "../core/cli/mod.ts";
import { ClosedPort } from "../core/stream/testing/mod.ts";
import { TextLines } from "./_fakes.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** The least that `tela` can be run with; the README states it. */
const PERMISSIONS = [
  "--no-prompt",
  "--allow-net",
  "--allow-env=TELA_HUB,TELA_MACHINE,TELA_TOKEN,TELA_OWNER_TOKEN,TELA_MTU,TELA_STUN,HOME,USERPROFILE,APPDATA," +
  "ProgramData,LOG_TOKENS,LOG_STREAM",
];

interface Tela {
  args: string[];
  home: string;
  env?: Record<string, string>;
}

/** Where Deno keeps its packages: a program with a home of its own must not fetch them anew. */
async function findDenoDir(): Promise<string> {
  const args = ["info", "--json"];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "null" }).output();
  return JSON.parse(text(stdout)).denoDir;
}

const DENO_DIR = await findDenoDir();

function tela({ args, home, env = {} }: Tela): Deno.Command {
  const main = new URL("./main.ts", import.meta.url).href;
  const files = [`--allow-read=${home}/.tela,/etc/tela`, `--allow-write=${home}/.tela/run`];
  const others = Object.entries(Deno.env.toObject()).filter(([name]) => !/^TELA/i.test(name));
  const own = { HOME: home, DENO_DIR, NO_COLOR: "1", NO_PROXY: "127.0.0.1" };
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", ...PERMISSIONS, ...files, main, ...args],
    env: { ...Object.fromEntries(others), ...own, ...env },
    clearEnv: true,
    stdout: "piped",
    stderr: "piped",
  });
}

async function withHome(use: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "tela-" });
  try {
    await use(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("tela version prints one line, with no permission used (client 1)", async () => {
  await withHome(async (home) => {
    const { code, stdout, stderr } = await tela({ args: ["version"], home }).output();
    assert.equal(code, 0);
    assert.match(text(stdout), new RegExp(`^tela ${VERSION} [a-z]+/[a-z0-9]+\n$`));
    assert.equal(text(stderr), "");
  });
});

Deno.test("tela machines uses the token kept for the hub (client 12)", async () => {
  await withHome(async (home) => {
    const seen: (string | null)[] = [];
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      seen.push(request.headers.get("authorization"));
      return Response.json({ machines: [] });
    });
    const hub = `ws://127.0.0.1:${server.addr.port}`;
    await Deno.mkdir(`${home}/.tela`);
    const store = `hubs:\n  ${hub}:\n    token: kept\n`;
    await Deno.writeTextFile(`${home}/.tela/credentials.yaml`, store, { mode: 0o600 });
    const asked = { args: ["machines"], home, env: { TELA_HUB: `${hub}/` } };
    const { code, stdout, stderr } = await tela(asked).output();
    assert.equal(text(stderr), "");
    assert.equal(text(stdout), "No machines registered.\n");
    assert.equal(code, 0);
    assert.deepEqual(seen, ["Bearer kept"]);
    await Deno.writeTextFile(`${home}/.tela/credentials.yaml`, "hubs: [");
    assert.equal((await tela(asked).output()).code, 3);
    await server.shutdown();
  });
});

Deno.test("tela machines names the address when nothing listens there", async () => {
  await withHome(async (home) => {
    using closed = await ClosedPort.take();
    const address = `127.0.0.1:${closed.port}`;
    const asked = { args: ["machines", "-hub", `ws://${address}`], home };
    const { code, stdout, stderr } = await tela(asked).output();
    assert.equal(code, 1);
    assert.equal(text(stdout), "");
    assert.equal(
      text(stderr),
      `Error: cannot reach the hub at http://${address}: connection refused; ` +
        "check the address, that the hub is running, and the proxy if HTTPS_PROXY or " +
        "HTTP_PROXY names one\n",
    );
  });
});

Deno.test({
  name: "tela connect exits 0 on SIGINT and SIGTERM while it waits for its hub (client 9, 52)",
  ignore: Deno.build.os === "windows", // which has no way to send a signal
  fn: () =>
    withHome(async (home) => {
      using closed = await ClosedPort.take();
      const args = ["connect", "-hub", `ws://127.0.0.1:${closed.port}`, "-machine", "barn"];
      for (const signal of ["SIGINT", "SIGTERM"] as const) {
        const child = tela({ args, home }).spawn();
        const log = new TextLines(child.stderr);
        assert.match((await log.next())!, / \[tela\] Cannot reach .* next attempt in \d+ s$/);
        child.kill(signal);
        assert.match((await log.next())!, / \[tela\] Shutting down$/);
        assert.equal(await log.next(), undefined);
        assert.equal(text(await new Response(child.stdout).bytes()), "");
        assert.equal((await child.status).code, 0);
      }
    }),
});
