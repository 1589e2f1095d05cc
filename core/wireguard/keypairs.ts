import type { Keypair } from "./keypair.ts";

/**
 * The sessions alive at a time: `current` seals; `previous` still opens what was under way; `next`
 * is one this end answered and may not use before the peer has proved to hold it. Whatever loses its
 * place is wiped.
 *
 * Spec: WG 6.3.
 */
export class Keypairs {
  #previous: Keypair | undefined;
  #current: Keypair | undefined;
  #next: Keypair | undefined;

  /** The one to seal with. */
  get current(): Keypair | undefined {
    return this.#current;
  }

  /** The one that the receiver index of a message names. */
  find(localIndex: number): Keypair | undefined {
    if (this.#current?.localIndex === localIndex) return this.#current;
    if (this.#previous?.localIndex === localIndex) return this.#previous;
    if (this.#next?.localIndex === localIndex) return this.#next;
    return undefined;
  }

  /**
   * Makes the session of an answered own initiation current. If initiations crossed there is a
   * `next` as well, and each end holds both sessions: `prefersNext`, opposite at the two ends, makes
   * them settle on the same one, the other staying open as `previous`.
   */
  installAsInitiator(keypair: Keypair, { prefersNext }: { prefersNext: boolean }): void {
    this.#previous?.wipe();
    if (this.#next === undefined || prefersNext) {
      this.#previous = this.#current;
    } else {
      this.#current?.wipe();
      this.#previous = this.#next;
      this.#next = undefined;
    }
    this.#current = keypair;
  }

  /** Keeps the session of an initiation just answered until the peer confirms it. */
  installAsResponder(keypair: Keypair): void {
    this.#previous?.wipe();
    this.#previous = undefined;
    this.#next?.wipe();
    this.#next = keypair;
  }

  /** Notes an authentic message; true if it confirmed `next`, which is current from now on. */
  confirm(keypair: Keypair): boolean {
    if (keypair !== this.#next) return false;
    this.#previous?.wipe();
    this.#previous = this.#current;
    this.#current = keypair;
    this.#next = undefined;
    return true;
  }

  /** Wipes and forgets all. */
  clear(): void {
    this.#previous?.wipe();
    this.#current?.wipe();
    this.#next?.wipe();
    this.#previous = this.#current = this.#next = undefined;
  }
}
