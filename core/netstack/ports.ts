import type { Random } from "../bytes/mod.ts";

/** Ephemeral ports are 32768 to 65535. */
const FIRST_PORT = 32768;
const PORT_COUNT = 32768;

/** Chooses ephemeral ports that cannot be guessed. Spec: RFC 6056 §3.3.1. */
export class PortPicker {
  readonly #random: Random;
  readonly #draw: Uint8Array<ArrayBuffer> = new Uint8Array(2);

  /** Draws from `random`. */
  constructor(random: Random) {
    this.#random = random;
  }

  /** A port for which `isFree` holds, the first from a random one on; undefined if there is none. */
  pick(isFree: (port: number) => boolean): number | undefined {
    this.#random(this.#draw);
    const offset = (this.#draw[0]! << 8) | this.#draw[1]!;
    for (let i = 0; i < PORT_COUNT; i++) {
      const port = FIRST_PORT + (offset + i) % PORT_COUNT;
      if (isFree(port)) return port;
    }
    return undefined;
  }
}
