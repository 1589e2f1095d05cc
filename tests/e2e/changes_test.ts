import assert from "node:assert/strict";
import { fetchLocal, hubListens, launchHub, newToken, type Process } from "../rig/mod.ts";

const IDENTITIES = 100;
const CHANGES = 1000;

/** Changes acknowledged before the hub is killed in the middle of the rest. */
const ACKNOWLEDGED = 400;

interface Change {
  /** What is asked of the hub. */
  readonly request: string;
  readonly body: string;
  /** Begins the line of the audit that tells of it: event, machine if any, and identity. */
  readonly record: RegExp;
  /** Whether an entry of the list shows it. */
  readonly id: string;
  readonly shows: (entry: Entry | undefined) => boolean;
}

interface Entry {
  readonly id: string;
  readonly revokedAt?: string;
  readonly machines: readonly { readonly machineId: string }[];
}

/** Every tenth revokes an identity, the others grant one a machine of its own. */
function changeOf(i: number): Change {
  if (i % 10 === 0) {
    const id = `revoked-${i / 10}`;
    const shows = (entry: Entry | undefined) => entry?.revokedAt !== undefined;
    const record = new RegExp(`^token-revoke undefined .*\\b${id}\\b`, "m");
    return { request: `POST /api/admin/tokens/${id}/revoke`, body: "", record, id, shows };
  }
  const id = `granted-${i % IDENTITIES}`;
  const machine = `machine-${i}`;
  const body = JSON.stringify({ permissions: ["connect", "manage"], services: ["SSH"] });
  const shows = (entry: Entry | undefined) =>
    entry?.machines.some(({ machineId }) => machineId === machine) ?? false;
  const record = new RegExp(`^grant ${machine} .*\\b${id}\\b`, "m");
  return { request: `PUT /api/admin/access/${id}/machines/${machine}`, body, record, id, shows };
}

class Admin {
  constructor(readonly port: number, readonly token: string) {}

  async ask(request: string, body?: string): Promise<Response> {
    const [method, path] = request.split(" ");
    return await fetchLocal(`http://127.0.0.1:${this.port}${path}`, {
      method: method!,
      headers: { authorization: `Bearer ${this.token}` },
      ...(body !== undefined && { body }),
    });
  }

  async done(request: string, body?: string): Promise<boolean> {
    try {
      const response = await this.ask(request, body);
      await response.body?.cancel();
      return response.ok;
    } catch (error) {
      // The hub has been killed before it answered, or in the middle of an answer.
      if (error instanceof TypeError || error instanceof Deno.errors.ConnectionReset) return false;
      throw error;
    }
  }

  async entries(): Promise<Map<string, Entry>> {
    const { access } = await (await this.ask("GET /api/admin/access")).json();
    return new Map(access.map((entry: Entry) => [entry.id, entry]));
  }

  /** What the audit tells of changes: a line each. */
  async recorded(): Promise<string> {
    const { ok, fault } = await (await this.ask("GET /api/admin/audit/verify")).json();
    assert.ok(ok, fault?.text);
    const exported = await this.ask("GET /api/admin/audit/export?event=grant,token-revoke");
    const records = (await exported.text()).trimEnd().split("\n").map((line) => JSON.parse(line));
    return records.map(({ event, machine, detail }) => `${event} ${machine} ${detail}`).join("\n");
  }
}

async function makeIdentities(admin: Admin): Promise<void> {
  const ids = ["granted", "revoked"].flatMap((kind) =>
    Array.from({ length: IDENTITIES }, (_, i) => `${kind}-${i}`)
  );
  const made = ids.map((id) => admin.done("POST /api/admin/tokens", JSON.stringify({ id })));
  assert.ok((await Promise.all(made)).every((isMade) => isMade));
}

/** Asks for all changes at once and kills the hub in between; gives those that were acknowledged. */
async function changeUntilKilled(admin: Admin, hub: Process): Promise<Change[]> {
  const acknowledged: Change[] = [];
  const all = Array.from({ length: CHANGES }, async (_, i) => {
    const change = changeOf(i);
    if (!await admin.done(change.request, change.body)) return;
    acknowledged.push(change);
    if (acknowledged.length === ACKNOWLEDGED) hub.signal("SIGKILL");
  });
  await Promise.all(all);
  await hub.ended;
  return acknowledged;
}

Deno.test("no change that was acknowledged is lost or not recorded when the hub is killed among 1,000 of them", async () => {
  const home = await Deno.makeTempDir({ prefix: "tela-" });
  const token = newToken();
  try {
    await using first = await launchHub({ home, ownerToken: token });
    const admin = new Admin(await hubListens(first), token);
    await makeIdentities(admin);
    const acknowledged = await changeUntilKilled(admin, first);
    assert.ok(acknowledged.length >= ACKNOWLEDGED);
    assert.equal(first.status?.signal, "SIGKILL");

    await using second = await launchHub({ home });
    const again = new Admin(await hubListens(second), token);
    const entries = await again.entries();
    const recorded = await again.recorded();
    assert.equal(entries.size, 2 * IDENTITIES + 2);
    for (const { request, record, id, shows } of acknowledged) {
      assert.match(recorded, record, `not recorded: ${request}`);
      assert.ok(shows(entries.get(id)), `lost: ${request}`);
    }
    const left = [...Deno.readDirSync(home)].filter(({ name }) => name.endsWith(".tmp"));
    assert.ok(left.length <= 1, "at most the file that was being written is left behind");
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});
