import { type Access, type Authenticator, digestToken, tokenOf } from "../access/mod.ts";
import type { MetricsConfig } from "../config/mod.ts";
import { formatMetrics, type MetricFamily, METRICS_CONTENT_TYPE } from "../metrics/mod.ts";
import { json, tooMany } from "./respond.ts";
import type { Route } from "./router.ts";

/** What the route of the metrics works with. */
export interface MetricsRouteOptions {
  /** Who may do what, as of now. */
  readonly access: () => Access;
  /** Who may read them besides owners and admins, as of now. */
  readonly config: () => MetricsConfig;
  /** The metrics, as of now. */
  readonly families: () => readonly MetricFamily[];
  /** Finds out who asks. */
  readonly authenticator: Authenticator;
}

/** What to answer somebody who may not read metrics; undefined if they may. */
function refusal(
  request: Request,
  { access, config, authenticator, remoteAddress }: MetricsRouteOptions & {
    remoteAddress: string;
  },
): Response | undefined {
  const { open, token: metricsToken } = config();
  const { token = "" } = tokenOf(request);
  if (open) return undefined;
  const waitMs = authenticator.waitMs(token, remoteAddress);
  if (waitMs > 0) return tooMany("too many wrong tokens from your address", waitMs);
  // Digests are compared, so that the time it takes says nothing about the token.
  if (metricsToken !== "" && digestToken(token) === digestToken(metricsToken)) return undefined;
  const caller = authenticator.identify(token, remoteAddress);
  if (caller.kind !== "throttled" && access().canAdminister(caller)) return undefined;
  const response = json({ error: "needs the bearer token metrics.token, or an admin's" }, 401);
  response.headers.set("www-authenticate", "Bearer");
  return response;
}

/** `GET /metrics`: the text format of Prometheus. */
export function metricsRoute(options: MetricsRouteOptions): Route {
  return {
    path: "/metrics",
    cors: "none",
    methods: ["GET", "HEAD"],
    handle(request, { remoteAddress }) {
      const refused = refusal(request, { ...options, remoteAddress });
      if (refused !== undefined) return refused;
      const headers = { "content-type": METRICS_CONTENT_TYPE };
      return new Response(formatMetrics(options.families()), { headers });
    },
  };
}
