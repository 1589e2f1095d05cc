/** Holds the tunnel of the moment for connections that wait for one. */
export class TunnelSlot<T> {
  #current: T | undefined;
  #next: PromiseWithResolvers<T> = Promise.withResolvers();

  /** The tunnel that is up, if one is. */
  get current(): T | undefined {
    return this.#current;
  }

  /** Puts a tunnel in, which releases all who wait. */
  set(tunnel: T): void {
    this.#current = tunnel;
    this.#next.resolve(tunnel);
    this.#next = Promise.withResolvers();
  }

  /** Takes `tunnel` out; nothing happens if another has replaced it. */
  clear(tunnel: T): void {
    if (this.#current === tunnel) this.#current = undefined;
  }

  /** The tunnel that is up, or the next one. Rejects with the signal's reason when aborted. */
  wait(signal: AbortSignal): Promise<T> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#current !== undefined) return Promise.resolve(this.#current);
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const settled = () => signal.removeEventListener("abort", onAbort);
    return Promise.race([this.#next.promise, aborted.promise]).finally(settled);
  }
}
