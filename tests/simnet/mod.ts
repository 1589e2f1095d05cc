/**
 * A simulated network: two stacks, and delay, jitter, loss, reordering, duplication, bandwidth and
 * queue limits between them, under a virtual clock that jumps to the next event. A seed decides all.
 *
 * @example
 * ```ts
 * import { SimNet } from "./mod.ts";
 *
 * const net = new SimNet({ seed: 1, link: { delayMs: 25, loss: 0.01 } });
 * const listener = net.server.listen({ port: 80 });
 * const opened = Promise.all([net.client.connect({ port: 80 }), listener.accept()]);
 * await net.run(opened, 10_000);
 * console.log(net.clock.nowMs() >= 50); // true
 * net.close();
 * ```
 *
 * @module
 */

export { Link, type LinkOptions } from "./link.ts";
export { Rng } from "./rng.ts";
export { SimClock } from "./sim_clock.ts";
export { SimNet, type SimNetOptions } from "./simnet.ts";
