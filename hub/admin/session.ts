import { json, type Route } from "../http/mod.ts";
import type { AdminOptions } from "./context.ts";
import type { AdminHandler, Gate } from "./gate.ts";

const whoAmI: AdminHandler = (_, { caller: { id, role } }) => json({ id, role });

/**
 * `/api/admin/session`: who the token in use belongs to (GET), with a note in the audit that somebody
 * signs in with it (POST) or out (DELETE). The hub keeps no session: the token is the credential.
 *
 * An addition of ours, for the console.
 */
export function sessionRoutes(gate: Gate, { log }: AdminOptions): Route[] {
  const noting = (event: "sign-in" | "sign-out"): AdminHandler => (request, context) => {
    context.record({ event });
    log(`${event}: admin ${JSON.stringify(context.caller.id)} from ${context.remoteAddress}`);
    return whoAmI(request, context);
  };
  return [
    gate.route({
      path: "/api/admin/session",
      first: "auth",
      methods: { GET: whoAmI, POST: noting("sign-in"), DELETE: noting("sign-out") },
    }),
  ];
}
