/**
 * UDP endpoints: an IPv4 or IPv6 address and a port, parsed once.
 *
 * @example
 * ```ts
 * import { parseEndpoint, scopeOf } from "./mod.ts";
 *
 * const endpoint = parseEndpoint("[2001:DB8:0::7]:41820");
 * if (endpoint !== undefined) console.log(endpoint.text, scopeOf(endpoint));
 * // [2001:db8::7]:41820 global
 * ```
 *
 * @module
 */

export { type Endpoint, endpointOf, makeEndpoint, parseEndpoint } from "./endpoint.ts";
export { isLoopback, type Scope, scopeOf } from "./scope.ts";
