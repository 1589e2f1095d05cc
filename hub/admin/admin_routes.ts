import type { Route } from "../http/mod.ts";
import { accessRoutes } from "./access.ts";
import { agentRoutes } from "./agents.ts";
import { auditRoutes } from "./audit.ts";
import type { AdminOptions } from "./context.ts";
import { Gate } from "./gate.ts";
import { logRoutes } from "./logs.ts";
import { pairingRoutes } from "./pairing.ts";
import { restartRoutes } from "./restart.ts";
import { portalRoutes } from "./portals.ts";
import { sessionRoutes } from "./session.ts";
import { tokenRoutes } from "./tokens.ts";
import { updateRoutes } from "./updates.ts";

/** Where a path that lacks its final slash leads. Spec: hub-api.md 1.0 */
function withSlash(path: string): Route {
  const handle = (request: Request) => {
    const { search } = new URL(request.url);
    return new Response(null, { status: 301, headers: { location: `${path}/${search}` } });
  };
  return { path, cors: "admin", handle };
}

/** All routes of the administration, and that of pairing. Spec: hub-api.md 1.2 to 1.6, 4 */
export function adminRoutes(options: AdminOptions): Route[] {
  const gate = new Gate(options);
  return [
    ...accessRoutes(gate, options),
    ...tokenRoutes(gate, options),
    ...pairingRoutes(gate, options),
    ...agentRoutes(gate, options),
    ...portalRoutes(gate, options),
    ...logRoutes(gate, options),
    ...restartRoutes(gate, options),
    ...sessionRoutes(gate, options),
    ...auditRoutes(gate, options),
    ...updateRoutes(gate, options),
    withSlash("/api/admin/agents"),
    withSlash("/api/admin/rotate"),
  ];
}
