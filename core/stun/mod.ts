/**
 * STUN without I/O: how a socket finds out its address as others see it, and the answer of a server.
 *
 * @example
 * ```ts
 * import { answerBindingRequest, StunClient } from "./mod.ts";
 * import { parseEndpoint } from "../endpoint/mod.ts";
 *
 * const server = parseEndpoint("192.0.2.1:41820")!;
 * const seenAs = parseEndpoint("203.0.113.9:40001")!;
 * const client: StunClient = new StunClient({
 *   servers: [server],
 *   random: (out) => crypto.getRandomValues(out),
 *   send: (request) => {
 *     const answer = answerBindingRequest(request, seenAs);
 *     if (typeof answer !== "string") client.receive(answer, { source: server, nowMs: 12 });
 *   },
 * });
 * client.tick(0);
 * console.log(client.results[0]?.state); // mapped
 * ```
 *
 * @module
 */

export {
  StunClient,
  type StunClientDrop,
  type StunClientOptions,
  type StunResult,
} from "./client.ts";
export {
  encodeBindingRequest,
  encodeBindingSuccess,
  looksLikeStun,
  readStunMessage,
  type StunDrop,
  type StunMessage,
} from "./message.ts";
export { judgeNat, type NatMapping } from "./nat.ts";
export { answerBindingRequest } from "./server.ts";
