import { ConfigError } from "../../core/config/mod.ts";
import { json, problem, type Route } from "../http/mod.ts";
import type { AdminOptions } from "./context.ts";
import type { Gate } from "./gate.ts";

/** How long the answer has to go out. Spec: hub-api.md 1.6 */
const DELAY_MS = 500;

/**
 * `/api/admin/restart`.
 *
 * Spec: hub-api.md 1.6. Deviation: refused, with the reason, while the hub could not start again.
 */
export function restartRoutes(gate: Gate, { restart, clock, log }: AdminOptions): Route[] {
  return [gate.route({
    path: "/api/admin/restart",
    first: "auth",
    methods: {
      POST: async (_, { record, caller }) => {
        const entry = { event: "admin-change", detail: "restart" } as const;
        if (restart === undefined) return problem("this hub cannot restart itself", 501);
        try {
          await restart.check();
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          record({ ...entry, result: "refused", reason: error.code });
          const advice = "the hub goes on as it is: put that right and repeat";
          return problem(`cannot restart: ${error.message}; ${advice}`, 409);
        }
        record(entry);
        log(`admin ${JSON.stringify(caller.id)}: restart`);
        clock.setTimer(() => restart.begin(), DELAY_MS);
        return json({ ok: true, message: "restarting" });
      },
    },
  })];
}
