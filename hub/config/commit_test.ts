import assert from "node:assert/strict";
import { ConfigError } from "../../core/config/mod.ts";
import { inTemporaryFolder } from "../testing/mod.ts";
import { HubConfigFile } from "./hub_config_file.ts";
import type { AuthConfig, MachineAcl, TokenEntry } from "./model.ts";

const FILE = `# my hub
hubId: h
auth:
  tokens:
    # the boss
    - id: owner
      token: o # keep safe
      hubRole: owner
      color: red
    - {id: alice, token: a} # on leave
    - id: bob
      token: b
  machines:
    # behind the house
    barn:
      registerToken: b
      connectTokens:
        - a # by mail
        - token: b
          services: [SSH] # no more
    shed:
      manageTokens: [a, b]
unknown: kept
`;

async function withFile(
  text: string,
  test: (file: HubConfigFile, onDisk: () => Promise<string>) => Promise<void>,
): Promise<void> {
  await inTemporaryFolder(async (dir) => {
    const path = `${dir}/telahubd.yaml`;
    await Deno.writeTextFile(path, text);
    await test(await HubConfigFile.open(path), () => Deno.readTextFile(path));
  });
}

/** Removes alice, rotates bob, adds carol; each a step of its own. */
function stepsFrom(auth: AuthConfig): AuthConfig[] {
  const [owner, , bob] = auth.tokens as [TokenEntry, TokenEntry, TokenEntry];
  const barn = auth.machines.get("barn")!;
  const removed = {
    tokens: [owner, bob],
    machines: new Map([["barn", { ...barn, connect: [barn.connect[1]!] }], ["shed", {
      ...auth.machines.get("shed")!,
      manageTokens: ["b"],
    }]]),
  };
  const rotated = {
    tokens: [owner, { ...bob, token: "0b", issuedAtMs: Date.UTC(2027, 0, 1) }],
    machines: new Map([["barn", {
      registerToken: "0b",
      connect: [{ token: "0b", services: [] }],
      manageTokens: [],
    }]]),
  };
  const carol = { ...owner, id: "carol", token: "c", role: "user", expiresAtMs: 1 } as const;
  const added = {
    tokens: [...rotated.tokens, carol],
    machines: new Map<string, MachineAcl>(rotated.machines).set("new", {
      registerToken: "none",
      connect: [{ token: "c", services: ["SSH", "RDP"] }],
      manageTokens: ["c"],
    }),
  };
  return [auth, removed, rotated, added];
}

Deno.test("commitAuth() changes entries in place and keeps comments, order and unknown keys", () =>
  withFile(FILE, async (file, onDisk) => {
    const steps = stepsFrom(file.config.auth);
    await file.commitAuth(() => steps);
    assert.equal(
      await onDisk(),
      `# my hub
hubId: h
auth:
  tokens:
    # the boss
    - id: owner
      token: o # keep safe
      hubRole: owner
      color: red
    - id: bob
      token: 0b
      issuedAt: 2027-01-01T00:00:00.000Z
    - id: carol
      token: c
      expiresAt: 1970-01-01T00:00:00.001Z
  machines:
    # behind the house
    barn:
      registerToken: 0b
      connectTokens:
        - token: 0b
    new:
      registerToken: none
      connectTokens:
        - token: c
          services:
            - SSH
            - RDP
      manageTokens:
        - c
unknown: kept
`,
    );
    assert.deepEqual(file.config.auth, steps.at(-1));
    const again = await HubConfigFile.open(file.path);
    assert.deepEqual(again.config.auth, steps.at(-1));
  }));

Deno.test("commitAuth() that cannot be written changes nothing, in memory neither", () =>
  withFile(FILE, async (file, onDisk) => {
    const before = file.config;
    const steps = stepsFrom(before.auth);
    const folder = file.path.slice(0, file.path.lastIndexOf("/"));
    await Deno.rename(folder, `${folder}-away`);
    await Deno.writeTextFile(folder, "a file where the folder was");
    await assert.rejects(
      file.commitAuth(() => steps),
      (error) => error instanceof ConfigError && error.code === "unwritable",
    );
    await Deno.remove(folder);
    await Deno.rename(`${folder}-away`, folder);
    assert.equal(file.config, before);
    assert.equal(await onDisk(), FILE);
    await file.commitAuth(() => steps);
    assert.deepEqual(file.config.auth, steps.at(-1));
  }));

Deno.test("commitAuth() refuses a file whose entries cannot be told apart", () =>
  withFile(
    "x: &x {shed: {manageTokens: [a]}}\n" +
      "auth:\n  tokens: [{id: a, token: a}]\n  machines: {<<: *x, barn: {manageTokens: [a]}}\n",
    async (file, onDisk) => {
      const { auth } = file.config;
      const text = await onDisk();
      assert.equal(auth.machines.size, 2);
      await assert.rejects(
        file.commitAuth(() => [auth, { ...auth, machines: new Map() }]),
        (error) => error instanceof ConfigError && error.code === "invalid",
      );
      assert.equal(await onDisk(), text);
      assert.equal(file.config.auth, auth);
    },
  ));

Deno.test("commits that overlap happen one after the other", () =>
  withFile("hubId: h\n", async (file, onDisk) => {
    const commit = (name: string) => file.commit((editor) => editor.set(["name"], name));
    const failing = file.commit(() => {
      throw new ConfigError("no", { code: "invalid" });
    });
    await Promise.all([commit("a"), assert.rejects(failing), commit("b")]);
    assert.equal(await onDisk(), "hubId: h\nname: b\n");
  }));

Deno.test("commitPortal() writes a portal, without what old hubs kept, and removes it", () =>
  withFile(
    "portals:\n  home: # ours\n    url: https://old\n    token: s3cret\n    note: kept\n",
    async (file, onDisk) => {
      const usual = { hubDirectory: "/api/hubs", syncToken: "" };
      assert.deepEqual([...file.portals], [["home", { url: "https://old", ...usual }]]);
      const entry = { url: "https://new", hubDirectory: "/dir", syncToken: "t" };
      await file.commitPortal("home", entry);
      await file.commitPortal("away", entry);
      assert.deepEqual([...file.portals], [["home", entry], ["away", entry]]);
      const text = await onDisk();
      assert.equal(text.includes("s3cret"), false);
      assert.ok(text.includes("# ours") && text.includes("note: kept"));
      await file.commitPortal("home", undefined);
      assert.deepEqual([...(await HubConfigFile.open(file.path)).portals.keys()], ["away"]);
    },
  ));

Deno.test("commitUpdate() writes channel and sources beside what is there, and forgets a source (hub 57, 59, 74)", () =>
  withFile(`${FILE}update:\n  channel: dev # for now\n`, async (file, onDisk) => {
    await file.commitUpdate({ channel: "lab", source: { name: "lab", base: "https://l.example" } });
    await file.commitUpdate({ source: { name: "beta", base: "https://b.example" } });
    await file.commitUpdate({ source: { name: "lab", base: undefined } });
    const expected = { channel: "lab", sources: { beta: "https://b.example" } };
    assert.deepEqual(file.update, expected);
    const again = await HubConfigFile.open(file.path);
    assert.deepEqual(again.config.update, expected);
    const text = await onDisk();
    for (const kept of ["# my hub", "# for now", "unknown: kept"]) assert.ok(text.includes(kept));
  }));
