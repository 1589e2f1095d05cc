import { ConfigError, parseDuration } from "../../core/config/mod.ts";
import { StoreBusyError, timeText } from "../access/mod.ts";
import { ANY_MACHINE, type Role } from "../config/mod.ts";
import {
  json,
  type JsonObject,
  problem,
  readJsonObject,
  type RequestContext,
  type Route,
  tooMany,
} from "../http/mod.ts";
import type { Promised } from "../pairing/mod.ts";
import { type AdminOptions, isName, MAX_LONG_BODY_BYTES, NAME_RULE } from "./context.ts";
import { type AdminHandler, type Gate, type Identity, methodRefused } from "./gate.ts";
import { readChange } from "./read_change.ts";

/** Spec: hub-api.md 1.4 */
const DEFAULT_LIFETIME_MS = 600_000;

/** Spec: hub-api.md 1.4 */
const MAX_LIFETIME_MS = 604_800_000;

/** Longest body of a redemption, in bytes. Spec: hub-api.md 1.1 */
const MAX_REDEEM_BYTES = 4096;

/** Machines of a code at most. */
const MAX_MACHINES = 256;

const DAY_MS = 86_400_000;

/** Spec: hub-api.md 1.4; none stands for a user */
const ROLES: ReadonlyMap<unknown, Role> = new Map([
  [undefined, "user"],
  ["", "user"],
  ["user", "user"],
  ["viewer", "viewer"],
  ["admin", "admin"],
  ["owner", "owner"],
]);

/** As agents and clients write the digest of a key. */
const FINGERPRINT = /^[0-9A-Za-z+/:=_-]{16,128}$/;

/** Milliseconds that a code lives; undefined if that cannot be read. Spec: hub-api.md 1.4 */
function lifetimeMs(expiresIn: unknown): number | undefined {
  let ms: number | undefined;
  if (expiresIn === undefined || expiresIn === "") ms = 0;
  else if (typeof expiresIn === "number") ms = expiresIn * 1000;
  else if (typeof expiresIn === "string") {
    const days = /^(-?\d+(?:\.\d+)?)d$/.exec(expiresIn)?.[1];
    ms = days === undefined ? parseDuration(expiresIn) : Number(days) * DAY_MS;
  }
  return ms === undefined || ms > 0 ? ms : DEFAULT_LIFETIME_MS;
}

/** The machines of a code: those listed, else the one that is named, else all. */
function machinesOf({ machines, machineId }: JsonObject): string[] {
  const listed = Array.isArray(machines) ? machines.filter((name) => typeof name === "string") : [];
  if (listed.length > 0) return [...new Set(listed)];
  return [machines === undefined && isName(machineId) ? machineId : ANY_MACHINE];
}

/** What a code is to be worth, or why it cannot be. */
function promisedBy(body: JsonObject, caller: Identity): Promised | Response {
  const { type = "connect", machineId, fingerprint } = body;
  if (type !== "connect" && type !== "register") {
    return problem("type: expected connect or register", 400);
  }
  if (type === "register" && (!isName(machineId) || machineId === ANY_MACHINE)) {
    return problem(`machineId: a register code needs the name of a machine, ${NAME_RULE}`, 400);
  }
  const machines = type === "register" ? [machineId as string] : machinesOf(body);
  if (machines.length > MAX_MACHINES || !machines.every(isName)) {
    return problem(`machines: expected at most ${MAX_MACHINES} names of ${NAME_RULE}`, 400);
  }
  const role = ROLES.get(body.role);
  if (role === undefined) return problem("role: expected user, viewer, admin or owner", 400);
  if (role === "owner" && caller.role !== "owner") {
    return problem("role: only an owner can make a code for an owner", 403);
  }
  const promised = { type, machines, role, by: caller.digest } as const;
  if (fingerprint === undefined) return promised;
  if (typeof fingerprint !== "string" || !FINGERPRINT.test(fingerprint)) {
    return problem("fingerprint: expected 16 to 128 letters and digits", 400);
  }
  if (type !== "connect" || machines.length !== 1 || machines[0] === ANY_MACHINE) {
    return problem("fingerprint: only a connect code for one machine can carry one", 400);
  }
  return { ...promised, fingerprint };
}

/** Pairing codes: made by administrators, redeemed by anybody. Spec: hub-api.md 1.1, 1.4, 3 */
class PairingResource {
  readonly #options: AdminOptions;

  constructor(options: AdminOptions) {
    this.#options = options;
  }

  readonly create: AdminHandler = async (request, context) => {
    const { clock, pairing, log } = this.#options;
    const long = { request, context, maxBytes: MAX_LONG_BODY_BYTES };
    const { value, refusal } = await readChange(this.#options, long);
    if (refusal !== undefined) return refusal;
    const promised = promisedBy(value, context.caller);
    if (promised instanceof Response) return promised;
    const lifeMs = lifetimeMs(value.expiresIn);
    if (lifeMs === undefined || lifeMs > MAX_LIFETIME_MS) {
      return problem("expiresIn: expected seconds, or as 10m, 24h, 7d; at most 7 days", 400);
    }
    const { type, machines, role } = promised;
    const detail = `${type} code for ${JSON.stringify(machines)} as ${role}`;
    const machine = machines.join(",");
    const expiresAtMs = Math.floor((clock.wallMs() + lifeMs) / 1000) * 1000;
    const code = pairing.create(promised, { expiresAtMs });
    if (code === undefined) {
      context.record({ event: "pair-code", result: "failed", machine, detail, reason: "too many" });
      return problem(
        "too many pairing codes wait to be redeemed; withdraw some, or let them expire",
        503,
      );
    }
    context.record({ event: "pair-code", machine, detail });
    log(`admin ${JSON.stringify(context.caller.id)}: ${detail}`);
    return json({ code, type, expiresAt: timeText(expiresAtMs) });
  };

  /** An addition of ours. A code itself is never shown again. */
  readonly list: AdminHandler = () => {
    const { pairing, store, clock } = this.#options;
    const makerOf = (digest: string) => {
      const maker = store.access.authenticateDigest(digest, clock.wallMs());
      return maker.kind === "open" ? undefined : maker.id;
    };
    const codes = pairing.list().map(({ id, promised, expiresAtMs }) => {
      const { type, machines, role, by } = promised;
      const expiresAt = timeText(expiresAtMs);
      return { id, type, machines, role, createdBy: makerOf(by), expiresAt };
    });
    return json({ codes });
  };

  readonly withdraw: AdminHandler = (_, context) => {
    const { pairing, log } = this.#options;
    const id = context.params.id!;
    const promised = pairing.withdraw(id);
    if (promised === undefined) {
      return problem(`no open pairing code ${JSON.stringify(id)}; list them to see their ids`, 404);
    }
    const { type, machines, role } = promised;
    const detail = `pairing code withdrawn: ${type} for ${JSON.stringify(machines)} as ${role}`;
    context.record({ event: "admin-change", machine: machines.join(","), detail });
    log(`admin ${JSON.stringify(context.caller.id)}: ${detail}`);
    return json({ status: "removed", id });
  };

  async redeem(request: Request, { remoteAddress }: RequestContext): Promise<Response> {
    const { clock, pairing, log } = this.#options;
    const limits = { maxBytes: MAX_REDEEM_BYTES, clock };
    const { value, refusal } = await readJsonObject(request, limits);
    if (refusal !== undefined) return refusal;
    const { code, machineId } = value;
    if (typeof code !== "string" || code.trim() === "") {
      return problem("code: expected a pairing code as 3F9A-07C1", 400);
    }
    const machine = isName(machineId) ? machineId : undefined;
    try {
      const result = await pairing.redeem(code, { machine, remoteAddress });
      if (result.kind === "throttled") return tooMany("too many wrong codes", result.waitMs);
      if (result.kind === "refused") {
        return problem("code is unknown, used up, expired or for another machine", 401);
      }
      const { token, identity, promised } = result;
      log(`paired: ${JSON.stringify(identity)} from ${remoteAddress}`);
      return json({ token, identity, type: promised.type, ...pinned(promised) });
    } catch (error) {
      const isBusy = error instanceof StoreBusyError;
      if (!isBusy && !(error instanceof ConfigError)) throw error;
      log(`NOT SAVED: ${error.message}`);
      const reason =
        "the hub cannot write its configuration; the code still holds: try again later";
      return problem(reason, isBusy ? 503 : 500);
    }
  }
}

/**
 * What a client may trust of the agent. An addition of ours; all members of the answer are texts, as a
 * reference agent decodes it into a map of texts.
 */
function pinned({ fingerprint, machines }: Promised): object {
  return fingerprint === undefined ? {} : { fingerprint, machineId: machines[0] };
}

/** The routes of pairing codes. Spec: hub-api.md 1.1, 1.4 */
export function pairingRoutes(gate: Gate, options: AdminOptions): Route[] {
  const resource = new PairingResource(options);
  return [
    gate.route({
      path: "/api/admin/pair-code",
      first: "method",
      cors: "none",
      methods: { POST: resource.create },
    }),
    gate.route({ path: "/api/admin/pair-codes", first: "auth", methods: { GET: resource.list } }),
    gate.route({
      path: "/api/admin/pair-codes/:id",
      first: "auth",
      methods: { DELETE: resource.withdraw },
    }),
    {
      path: "/api/pair",
      cors: "none",
      handle: (request, context) =>
        request.method === "POST" ? resource.redeem(request, context) : methodRefused(["POST"]),
    },
  ];
}
