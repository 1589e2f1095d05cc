/**
 * Ports that no system of today picks by itself, for a listener that asks for any or for the near end
 * of a connection: one that is free stays so until somebody asks for it by its number.
 */
const FIRST_PORT = 10_000;
const PORTS = 22_000;

/** A TCP port on which nothing listens, and on which nothing will by chance. */
export function freePort(): number {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
