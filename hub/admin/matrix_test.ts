import assert from "node:assert/strict";
import type { MachineAcl, Role } from "../config/mod.ts";
import { acl, HubRig, identity } from "../testing/mod.ts";

/** The machines of the matrix: granted itself, another's, granted by `*` alone, never heard of. */
const MACHINES = ["own", "other", "wildcard", "unknown"] as const;
const ROLES = ["owner", "admin", "user", "viewer"] as const;
const PERMISSIONS = ["none", "register", "connect", "manage"] as const;
const STATES = ["valid", "revoked", "expired", "unknown token"] as const;

type Machine = typeof MACHINES[number];
type Permission = typeof PERMISSIONS[number];

const ADMIN_OPERATIONS = [
  ["list access", "GET /api/admin/access"],
  ["list tokens", "GET /api/admin/tokens"],
  ["read the log", "GET /api/admin/logs"],
  ["make a code", "POST /api/admin/pair-code"],
] as const;

function grants(permission: Permission): MachineAcl {
  return acl({
    registerToken: permission === "register" ? "who-token" : "none",
    connect: permission === "connect" ? [{ token: "who-token", services: [] }] : [],
    manageTokens: permission === "manage" ? ["who-token"] : [],
  });
}

/** The holder of `who-token` has a role, and one permission on `own`, or on `*`. */
function setUp({ role, permission, machine, state }: {
  role: Role;
  permission: Permission;
  machine: Machine;
  state: typeof STATES[number];
}): HubRig {
  const who = identity("who", role, {
    ...(state === "revoked" && { revokedAtMs: 1 }),
    ...(state === "expired" && { expiresAtMs: 1 }),
  });
  const tokens = [identity("boss", "owner"), identity("agent", "user")];
  if (state !== "unknown token") tokens.push(who);
  const machines = new Map<string, MachineAcl>([
    ["own", grants(permission)],
    ["other", acl({ registerToken: "agent-token" })],
  ]);
  if (machine === "wildcard") machines.set("*", grants(permission));
  const hub = new HubRig({ tokens, machines });
  for (const name of ["own", "other", "wildcard"]) {
    hub.sockets.agent(name, { token: "boss-token", agentId: name });
  }
  return hub;
}

/** What the book promises. Spec: hub-api.md 2, with the deviations that access/README.md names */
function expected({ role, permission, machine, state }: Parameters<typeof setUp>[0]) {
  const isValid = state === "valid";
  const isAdmin = isValid && (role === "owner" || role === "admin");
  const isViewer = isValid && role === "viewer";
  const isGranted = machine === "own" || machine === "wildcard";
  const holds = (wanted: Permission) => isValid && isGranted && permission === wanted;
  return {
    administer: isAdmin,
    register: isAdmin || (holds("register") && machine === "own" && !isViewer),
    connect: isAdmin || holds("connect"),
    manage: isAdmin || holds("manage"),
    view: isAdmin || isViewer || holds("connect"),
    status: isValid,
  };
}

async function actual(hub: HubRig, machine: Machine) {
  const token = "who-token";
  const statusOf = async (request: string) =>
    (await hub.ask(request, { token, body: request.startsWith("POST") ? {} : undefined })).status;
  const administered = [];
  for (const [, request] of ADMIN_OPERATIONS) administered.push(await statusOf(request));
  const [first] = administered;
  assert.ok(administered.every((status) => status === first), `${administered}`);

  const management = hub.ask(`GET /api/admin/agents/${machine}/logs`, { token });
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  hub.sockets.clock.advance(30_000);
  const managed = (await management).status;

  const status = await hub.ask("GET /api/status", { token });
  const seen = status.body.machines.some(({ id }: { id: string }) => id === machine);
  const client = hub.sockets.client(machine, { token });
  const [refusal] = client.takeMessages() as { message: string }[];
  const agent = hub.sockets.dial();
  agent.text({ type: "register", agentId: "who", machineName: machine, token });
  const [registered] = agent.takeMessages() as { type: string; message?: string }[];
  const isKnown = machine !== "unknown";
  if (refusal?.message !== "Access denied" && !isKnown) {
    assert.equal(refusal?.message, "Machine not found");
  }
  if (managed !== 403) assert.equal(managed, isKnown ? 504 : 404);
  return {
    administer: first === 200,
    register: registered?.type === "registered",
    connect: refusal?.message !== "Access denied",
    manage: managed !== 403,
    view: seen,
    status: status.status === 200,
  };
}

for (const role of ROLES) {
  for (const permission of PERMISSIONS) {
    Deno.test(`${role} with ${permission}: what HTTP and WebSocket let through on every machine (hub 4, 12-19, 51)`, async () => {
      for (const machine of MACHINES) {
        for (const state of STATES) {
          const cell = { role, permission, machine, state };
          const hub = setUp(cell);
          const wanted = expected(cell);
          // A machine nobody has heard of is in nobody's list.
          const shown = { ...wanted, view: wanted.view && machine !== "unknown" };
          const presence = await hub.ask(`GET /api/admin/agents/${machine}`, {
            token: "who-token",
          });
          assert.equal(presence.status, shown.view ? 200 : 404, JSON.stringify(cell));
          assert.deepEqual(await actual(hub, machine), shown, JSON.stringify(cell));
          hub.close();
        }
      }
    });
  }
}
