/**
 * A port of 127.0.0.1 that refuses connections until it is disposed of. A port that was listened on a
 * moment ago may be another program's by the time a test dials it; this one is taken, by the near end
 * of a connection, so that the system gives it to nobody.
 */
export class ClosedPort implements Disposable {
  /** The port. */
  readonly port: number;
  readonly #near: Deno.TcpConn;
  readonly #far: Deno.TcpConn;

  private constructor(near: Deno.TcpConn, far: Deno.TcpConn) {
    this.port = near.localAddr.port;
    this.#near = near;
    this.#far = far;
  }

  /** Takes a port. */
  static async take(): Promise<ClosedPort> {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname, port } = listener.addr;
    const [near, far] = await Promise.all([
      Deno.connect({ hostname, port }),
      listener.accept(),
    ]);
    return new ClosedPort(near, far);
  }

  /** Gives the port back. */
  [Symbol.dispose](): void {
    this.#near.close();
    this.#far.close();
  }
}
