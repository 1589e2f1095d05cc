import assert from "node:assert/strict";
import { launchdPlist } from "./launchd.ts";
import { type RunResult, ServiceError, type ServiceHost, serviceManager } from "./manager.ts";
import { type ServiceSpec, ServiceSpecError } from "./spec.ts";
import { systemdUnit } from "./systemd.ts";
import { utf16, windowsTask } from "./windows_task.ts";

const SPEC: ServiceSpec = {
  name: "telahubd",
  description: "Tela hub",
  command: ["/opt/tela hub/telahubd", "service", "run"],
  workingDir: "/etc/tela",
};

Deno.test("systemdUnit() has every field of the reference's (hub 77)", () => {
  assert.equal(
    systemdUnit(SPEC),
    `[Unit]
Description=Tela hub
After=network-online.target
Wants=network-online.target

[Service]
Type=simple
ExecStart="/opt/tela hub/telahubd" "service" "run"
WorkingDirectory=/etc/tela
Restart=on-failure
RestartSec=5
StandardOutput=journal
StandardError=journal
SyslogIdentifier=telahubd

[Install]
WantedBy=multi-user.target
`,
  );
});

Deno.test("systemdUnit() keeps what systemd would expand or take apart", () => {
  const unit = systemdUnit({ ...SPEC, command: ["/opt/100%/a", '$HOME "x" \\'] });
  assert.ok(unit.includes(String.raw`ExecStart="/opt/100%%/a" "$$HOME \"x\" \\"`), unit);
});

Deno.test("launchdPlist() has every field of the reference's, and escapes (hub 77)", () => {
  const plist = launchdPlist({ ...SPEC, command: ["/opt/a&b", "<run>"] });
  const fields = [...plist.matchAll(/<key>(.*?)<\/key>\s*(?:<string>(.*?)<\/string>|<(true)\/>)/g)]
    .map(([, key, text, flag]) => [key, text ?? flag]);
  assert.deepEqual(fields, [
    ["Label", "com.tela.telahubd"],
    ["WorkingDirectory", "/etc/tela"],
    ["RunAtLoad", "true"],
    ["KeepAlive", "true"],
    ["StandardOutPath", "/var/log/telahubd.log"],
    ["StandardErrorPath", "/var/log/telahubd.err"],
  ]);
  const [, words] = /<key>ProgramArguments<\/key>\s*<array>([^]*?)<\/array>/.exec(plist)!;
  assert.deepEqual(words!.trim().split(/\s+/), [
    "<string>/opt/a&amp;b</string>",
    "<string>&lt;run&gt;</string>",
  ]);
});

const QUOTED: [word: string, quoted: string][] = [
  ["run", "run"],
  ["", '""'],
  ["a b", '"a b"'],
  ['say "x"', String.raw`"say \"x\""`],
  ["C:\\a b\\", String.raw`"C:\a b\\"`],
  [String.raw`a \" b`, String.raw`"a \\\" b"`],
];

for (const [word, quoted] of QUOTED) {
  Deno.test(`windowsTask() quotes ${JSON.stringify(word)} as ${quoted}`, () => {
    const task = windowsTask({ ...SPEC, command: ["C:\\tela\\telahubd.exe", word] });
    assert.ok(task.includes(`<Arguments>${quoted}</Arguments>`), task);
    assert.ok(task.includes("<Command>C:\\tela\\telahubd.exe</Command>"));
  });
}

Deno.test("windowsTask() is never stopped for its age or the battery, and starts again", () => {
  const task = windowsTask({ ...SPEC, description: "a < b" });
  for (
    const part of [
      "<ExecutionTimeLimit>PT0S</ExecutionTimeLimit>",
      "<DisallowStartIfOnBatteries>false<",
      "<RestartOnFailure><Interval>PT1M<",
      "<UserId>S-1-5-18</UserId>",
      "<Description>a &lt; b</Description>",
    ]
  ) assert.ok(task.includes(part), part);
  assert.equal(new TextDecoder("utf-16le").decode(utf16(task)), task);
  assert.deepEqual([...utf16("é")], [0xff, 0xfe, 0xe9, 0]);
});

const BAD: [what: string, spec: Partial<ServiceSpec>][] = [
  ["a name that is a path", { name: "../x" }],
  ["a program that is looked up", { command: ["telahubd"] }],
  ["no program", { command: [] }],
  ["a relative folder", { workingDir: "etc" }],
  ["a line feed in an argument", { command: ["/a", "b\nUser=root"] }],
  ["a line feed in the description", { description: "a\n[Service]" }],
];

for (const [what, part] of BAD) {
  Deno.test(`no service is written down that has ${what}`, () => {
    for (const write of [systemdUnit, launchdPlist, windowsTask]) {
      assert.throws(
        () => write({ ...SPEC, ...part }),
        (error) => error instanceof ServiceSpecError && error.name === "ServiceSpecError",
      );
    }
  });
}

/** A machine in memory: notes what is run, and answers as told. */
class FakeHost implements ServiceHost {
  readonly did: string[] = [];
  readonly files = new Map<string, string>();
  readonly answers = new Map<string, Partial<RunResult>>();

  constructor(readonly os: ServiceHost["os"]) {}

  run(command: readonly string[]): Promise<RunResult> {
    const line = command.join(" ");
    this.did.push(line);
    return Promise.resolve({ code: 0, stdout: "", stderr: "", ...this.answers.get(line) });
  }

  exists(path: string): Promise<boolean> {
    return Promise.resolve(this.files.has(path));
  }

  write(path: string, content: Uint8Array<ArrayBuffer>): Promise<void> {
    const encoding = content[0] === 0xff ? "utf-16le" : "utf-8";
    this.files.set(path, new TextDecoder(encoding).decode(content));
    this.did.push(`write ${path}`);
    return Promise.resolve();
  }

  remove(path: string): Promise<void> {
    assert.ok(this.files.delete(path), `no ${path}`);
    this.did.push(`remove ${path}`);
    return Promise.resolve();
  }

  temporary(): Promise<string> {
    this.files.set("temp", "");
    return Promise.resolve("temp");
  }
}

const UNIT = "/etc/systemd/system/telahubd.service";
const PLIST = "/Library/LaunchDaemons/com.tela.telahubd.plist";

Deno.test("systemd is told what it needs, step by step", async () => {
  const host = new FakeHost("linux");
  const manager = serviceManager("telahubd", { host });
  assert.deepEqual(await manager.status(), {
    installed: false,
    running: false,
    status: "not installed",
  });
  await manager.install(SPEC);
  assert.equal(host.files.get(UNIT), systemdUnit(SPEC));
  await manager.start();
  host.answers.set("systemctl is-active telahubd", { stdout: "active\n" });
  assert.deepEqual(await manager.status(), { installed: true, running: true, status: "active" });
  host.answers.set("systemctl is-active telahubd", { code: 3, stdout: "failed\n" });
  assert.deepEqual(await manager.status(), { installed: true, running: false, status: "failed" });
  await manager.stop();
  await manager.uninstall();
  assert.deepEqual(host.did.filter((line) => !line.includes("is-active")), [
    `write ${UNIT}`,
    "systemctl daemon-reload",
    "systemctl enable telahubd",
    "systemctl start telahubd",
    "systemctl stop telahubd",
    "systemctl disable --now telahubd",
    `remove ${UNIT}`,
    "systemctl daemon-reload",
  ]);
});

Deno.test("launchd is told what it needs, and what it says is understood", async () => {
  const host = new FakeHost("darwin");
  const manager = serviceManager("telahubd", { host });
  await manager.install(SPEC);
  host.answers.set("launchctl list com.tela.telahubd", { stdout: '{\n\t"PID" = 42;\n}' });
  assert.deepEqual(await manager.status(), {
    installed: true,
    running: true,
    status: "running, pid 42",
  });
  await manager.stop();
  host.answers.set("launchctl list com.tela.telahubd", { code: 113 });
  assert.deepEqual(await manager.status(), {
    installed: true,
    running: false,
    status: "not loaded",
  });
  await manager.uninstall();
  assert.deepEqual(host.did.filter((line) => !line.startsWith("launchctl list")), [
    `write ${PLIST}`,
    `launchctl load -w ${PLIST}`,
    `launchctl unload ${PLIST}`,
    `remove ${PLIST}`,
  ]);
});

Deno.test("the Task Scheduler is told what it needs, and no file is left behind", async () => {
  const host = new FakeHost("windows");
  const manager = serviceManager("telahubd", { host });
  await manager.install(SPEC);
  const asked = "powershell -NoProfile -Command (Get-ScheduledTask -TaskName 'telahubd').State";
  host.answers.set(asked, { stdout: "Running\r\n" });
  assert.deepEqual(await manager.status(), { installed: true, running: true, status: "running" });
  await manager.uninstall();
  assert.deepEqual(host.did.filter((line) => !/Query|powershell/.test(line)), [
    "write temp",
    "schtasks /Create /TN telahubd /XML temp",
    "remove temp",
    "schtasks /End /TN telahubd",
    "schtasks /Delete /TN telahubd /F",
  ]);
  host.answers.set("schtasks /Create /TN telahubd /XML temp", { code: 1, stderr: "exists" });
  await assert.rejects(manager.install(SPEC), /exists/);
  assert.equal(host.files.size, 0);
  host.answers.set("schtasks /Query /TN telahubd", { code: 1 });
  assert.equal((await manager.status()).installed, false);
});

Deno.test("a service manager that refuses is quoted, and none is invented where there is none", async () => {
  const host = new FakeHost("linux");
  host.answers.set("systemctl start telahubd", { code: 1, stderr: "Access denied\nmore" });
  await assert.rejects(
    serviceManager("telahubd", { host }).start(),
    (error) =>
      error instanceof ServiceError && error.name === "ServiceError" &&
      /^Cannot run systemctl start telahubd: Access denied; does this user/.test(error.message),
  );
  host.files.set(UNIT, "");
  host.answers.set("systemctl is-active telahubd", { code: 1, stderr: "no bus" });
  await assert.rejects(serviceManager("telahubd", { host }).status(), /no bus/);
  assert.throws(() => serviceManager("x", { host: new FakeHost("freebsd") }), ServiceError);
});
