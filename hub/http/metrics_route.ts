import { type Access, type Authenticator, digestToken, tokenOf } from "../access/mod.ts";
import type { MetricsConfig } from "../config/mod.ts";
import { formatMetrics, type MetricFamily, METRICS_CONTENT_TYPE } from "../metrics/mod.ts";
import { json } from "./respond.ts";
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

/** True if the token of a request lets its bearer read metrics. */
function mayRead(
  request: Request,
  { access, config, authenticator, remoteAddress }: MetricsRouteOptions & {
    remoteAddress: string;
  },
): boolean {
  const { open, token: metricsToken } = config();
  const { token } = tokenOf(request);
  if (open) return true;
  if (token === undefined) return false;
  // Digests are compared, so that the time it takes says nothing about the token.
  if (metricsToken !== "" && digestToken(token) === digestToken(metricsToken)) return true;
  const caller = authenticator.identify(token, remoteAddress);
  return caller.kind !== "throttled" && access().canAdminister(caller);
}

/** `GET /metrics`: the text format of Prometheus. */
export function metricsRoute(options: MetricsRouteOptions): Route {
  return {
    path: "/metrics",
    cors: "none",
    methods: ["GET", "HEAD"],
    handle(request, { remoteAddress }) {
      if (!mayRead(request, { ...options, remoteAddress })) {
        const refusal = json({ error: "needs the bearer token metrics.token, or an admin's" }, 401);
        refusal.headers.set("www-authenticate", "Bearer");
        return refusal;
      }
      const headers = { "content-type": METRICS_CONTENT_TYPE };
      return new Response(formatMetrics(options.families()), { headers });
    },
  };
}
