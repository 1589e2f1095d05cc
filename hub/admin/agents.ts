import { formatTime } from "../../core/log/mod.ts";
import type { Caller } from "../access/mod.ts";
import type { AuditEntry } from "../audit/mod.ts";
import {
  type Handler,
  json,
  parseJson,
  problem,
  readBody,
  type RequestContext,
  type Route,
} from "../http/mod.ts";
import type { ManagementAnswer } from "../sessions/mod.ts";
import { type AdminOptions, isName, MAX_LONG_BODY_BYTES } from "./context.ts";
import { forgeryRefused, type Gate, isForged, methodRefused } from "./gate.ts";

const BAD_PATH = "missing machine or action: /api/admin/agents/MACHINE/ACTION";

const FAILURES: Readonly<Record<Exclude<ManagementAnswer["kind"], "answer">, Response["status"]>> =
  {
    offline: 503,
    busy: 503,
    gone: 502,
    timeout: 504,
  };

const REASONS: Readonly<Record<Exclude<ManagementAnswer["kind"], "answer">, string>> = {
  offline: "the agent is offline; try again when it is connected",
  busy: "too many requests wait for this agent; try again in a moment",
  gone: "the agent went away before it answered; try again",
  timeout: "the agent did not answer within 30 s; try again or look at its log",
};

/** The machine and action of a path whose blanks may be written as `+`. Spec: hub-api.md 1.0 */
function targetOf(request: Request): { readonly machine: string; readonly action: string } {
  const path = new URL(request.url).pathname.slice("/api/admin/agents/".length);
  const slash = path.indexOf("/");
  const [machine, action] = slash < 0 ? [path, ""] : [path.slice(0, slash), path.slice(slash + 1)];
  return {
    machine: decodeURIComponent(machine.replaceAll("+", " ")),
    action: decodeURIComponent(action),
  };
}

/** Agents: whether they are there, and what they are asked to do. Spec: hub-api.md 4 */
class AgentResource {
  readonly #gate: Gate;
  readonly #options: AdminOptions;

  constructor(gate: Gate, options: AdminOptions) {
    this.#gate = gate;
    this.#options = options;
  }

  readonly handle: Handler = (request, context) => {
    const { machine, action } = targetOf(request);
    if (!isName(machine)) return problem(BAD_PATH, 400);
    const hasAction = new URL(request.url).pathname.split("/").length > 5;
    if (!hasAction) return this.#presence(request, { context, machine });
    if (!isName(action)) return problem(BAD_PATH, 400);
    return this.#ask(request, { context, machine, action });
  };

  #presence(
    request: Request,
    { context, machine: name }: { context: RequestContext; machine: string },
  ): Response {
    if (request.method !== "GET") return methodRefused(["GET"]);
    const { store, registry } = this.#options;
    const caller = this.#gate.identify(request, context);
    if (caller instanceof Response) return caller;
    const machine = store.access.canView(caller, name) ? registry.byName(name) : undefined;
    if (machine === undefined) return unknownMachine(name);
    const lastSeen = formatTime(machine.lastSeenMs);
    return json({ id: name, agentConnected: machine.isOnline, lastSeen });
  }

  async #ask(
    request: Request,
    { context, machine: name, action }: {
      readonly context: RequestContext;
      readonly machine: string;
      readonly action: string;
    },
  ): Promise<Response> {
    const { store, registry, management, clock } = this.#options;
    const caller = this.#gate.identify(request, context);
    if (caller instanceof Response) return caller;
    if (!store.access.canManage(caller, name)) {
      this.#gate.denied(caller, context, { machine: name, reason: "may not manage" });
      return problem(`forbidden: no permission to manage ${JSON.stringify(name)}`, 403);
    }
    // Whatever the method, it is the agent that decides what the action does.
    if (isForged(request)) return forgeryRefused();
    const machine = registry.byName(name);
    if (machine === undefined) return unknownMachine(name);
    const payload = machine.isOnline ? await this.#payload(request) : undefined;
    if (payload instanceof Response) return payload;
    // The right may have gone while the body was on its way.
    const digest = caller.kind === "identity" ? caller.digest : undefined;
    const now = store.access.authenticateDigest(digest, clock.wallMs());
    if (!store.access.canManage(now, name)) return problem("forbidden", 403);
    const answer = await management.ask(machine, { action, payload });
    this.#note(answer, { caller, machine: name, source: context.remoteAddress, detail: action });
    if (answer.kind !== "answer") return problem(REASONS[answer.kind], FAILURES[answer.kind]);
    return new Response(answer.text, { headers: { "content-type": "application/json" } });
  }

  /** Takes note of what an agent was asked, and how that went. */
  #note(
    answer: ManagementAnswer,
    { caller, ...what }: { caller: Caller } & Pick<AuditEntry, "machine" | "source" | "detail">,
  ): void {
    const reason = answer.kind !== "answer" ? answer.kind : answer.isDone ? "" : "agent refused";
    this.#options.audit.record({
      event: "management",
      result: reason === "" ? "ok" : "failed",
      identity: caller.kind === "identity" ? caller.id : undefined,
      ...what,
      ...(reason !== "" && { reason }),
    });
  }

  /** The JSON text to send along; undefined if there is none. */
  async #payload(request: Request): Promise<string | undefined | Response> {
    if (request.method !== "POST" && request.method !== "PUT") return undefined;
    const limits = { maxBytes: MAX_LONG_BODY_BYTES, clock: this.#options.clock };
    const { value, refusal } = await readBody(request, limits);
    if (refusal !== undefined) return refusal;
    if (value.length === 0) return undefined;
    if (parseJson(value) === undefined) return problem("request body: expected JSON", 400);
    return new TextDecoder().decode(value);
  }
}

function unknownMachine(name: string): Response {
  return problem(`no machine ${JSON.stringify(name)}; list the machines to see their names`, 404);
}

/** The routes of agents. Spec: hub-api.md 1.6, 4 */
export function agentRoutes(gate: Gate, options: AdminOptions): Route[] {
  const { handle } = new AgentResource(gate, options);
  return [{ path: "/api/admin/agents/:rest(.*)", cors: "admin", handle }];
}
