/**
 * The direct path between the two ends of a tunnel, without I/O.
 *
 * @example
 * ```ts
 * import { parseEndpoint } from "../endpoint/mod.ts";
 * import { DirectEngine, hostEndpoints } from "./mod.ts";
 *
 * const engine: DirectEngine = new DirectEngine({
 *   role: "client",
 *   stunServers: [],
 *   hub: [],
 *   allowLoopback: false,
 *   random: (out) => crypto.getRandomValues(out),
 *   sink: {
 *     send: () => {},
 *     announce: (message) => console.log(message),
 *     probe: (to) => engine.answered(to, { nowMs: 1, rttMs: 1 }), // sealed, sent, answered
 *     up: (remote) => console.log("direct to", remote.text),
 *     down: () => {},
 *   },
 * });
 * const interfaces = [{ address: "192.0.2.7" }];
 * engine.setLocal(hostEndpoints(interfaces, { ports: { ipv4: 50000 }, allowLoopback: false }), 0);
 * engine.peerCandidates(["198.51.100.1:40001"], 0);
 * engine.start("ours", 0); // announces, then: direct to 198.51.100.1:40001
 * console.log(engine.remote === undefined, parseEndpoint("192.0.2.7:50000")?.port); // false 50000
 * ```
 *
 * @module
 */

export type { Refusal, Refusals } from "./admission.ts";
export { DirectEngine } from "./engine.ts";
export { hostEndpoints, type InterfaceAddress, type LocalPorts } from "./local.ts";
export type { DirectLoss, DirectOptions, DirectSink, DirectVerdict } from "./options.ts";
