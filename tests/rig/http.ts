/** Addresses that no proxy can reach for us. */
const LOOPBACK = "127.0.0.1,localhost";

/** The value of `NO_PROXY` that keeps this machine's own addresses off the user's proxy. */
export function noProxy(): string {
  const own = Deno.env.get("NO_PROXY") ?? Deno.env.get("no_proxy");
  return own === undefined || own === "" ? LOOPBACK : `${own},${LOOPBACK}`;
}

/** `fetch` for a server on this machine, which a proxy set up for the internet must not see. */
export function fetchLocal(url: string, init?: RequestInit): Promise<Response> {
  // Deno reads it once, at the first fetch of a process.
  if (!Deno.env.get("NO_PROXY")?.endsWith(LOOPBACK)) Deno.env.set("NO_PROXY", noProxy());
  return fetch(url, init);
}
