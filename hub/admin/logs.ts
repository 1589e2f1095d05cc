import { json, type Route } from "../http/mod.ts";
import type { AdminOptions } from "./context.ts";
import type { Gate } from "./gate.ts";

/** Lines given unless the query asks for another number. Spec: hub-api.md 1.6 */
const DEFAULT_LINES = 100;

function linesAsked(request: Request): number {
  const text = new URL(request.url).searchParams.get("lines") ?? "";
  return /^\d+$/.test(text) && Number(text) > 0 ? Number(text) : DEFAULT_LINES;
}

/** The route of the hub's log. Spec: hub-api.md 1.6 */
export function logRoutes(gate: Gate, { logs }: AdminOptions): Route[] {
  return [
    gate.route({
      path: "/api/admin/logs",
      first: "auth",
      methods: { GET: (request) => json({ lines: logs.tail(linesAsked(request)) }) },
    }),
  ];
}
