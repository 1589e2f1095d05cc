/** Holds the tunnel of the moment for connections that wait for one. */
export class TunnelSlot<T> {
  #current: T | undefined;
  readonly #waiters = new Set<(tunnel: T) => void>();

  /** The tunnel that is up, if one is. */
  get current(): T | undefined {
    return this.#current;
  }

  /** Puts a tunnel in, which releases all who wait. */
  set(tunnel: T): void {
    this.#current = tunnel;
    for (const release of this.#waiters) release(tunnel);
  }

  /** Takes `tunnel` out; nothing happens if another has replaced it. */
  clear(tunnel: T): void {
    if (this.#current === tunnel) this.#current = undefined;
  }

  /** The tunnel that is up, or the next one. Rejects with the signal's reason when aborted. */
  wait(signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (this.#current !== undefined) return resolve(this.#current);
      const release = (tunnel: T) => {
        signal.removeEventListener("abort", onAbort);
        this.#waiters.delete(release);
        resolve(tunnel);
      };
      const onAbort = () => {
        this.#waiters.delete(release);
        reject(signal.reason);
      };
      this.#waiters.add(release);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }
}
