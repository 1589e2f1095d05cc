/**
 * The HTTP side of the hub: a table of routes whose handlers turn a `Request` into a `Response`,
 * tested with no socket.
 *
 * @example
 * ```ts
 * import { Router, text } from "./mod.ts";
 *
 * const router = new Router(
 *   [{ path: "/hello/:who", cors: "none", handle: (_, { params }) => text(`hello ${params.who}`) }],
 *   { onError: console.error },
 * );
 * const response = await router.handle(new Request("http://hub/hello/barn"), { remoteAddress: "" });
 * console.log(await response.text()); // hello barn
 * ```
 *
 * @module
 */

export {
  type Body,
  type BodyLimits,
  type JsonObject,
  parseJson,
  readBody,
  readJsonObject,
} from "./body.ts";
export { cleanPath } from "./clean_path.ts";
export { type CorsFamily, corsHeaders } from "./cors.ts";
export { metricsRoute, type MetricsRouteOptions } from "./metrics_route.ts";
export { json, polled, problem, text, tooMany } from "./respond.ts";
export {
  type AnsweredRequest,
  type Handler,
  type RequestContext,
  type Route,
  Router,
} from "./router.ts";
export { type HubFacts, publicRoutes, type PublicRoutesOptions } from "./routes.ts";
