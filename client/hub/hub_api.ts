import type { Clock } from "../../core/clock/mod.ts";
import type { HubAddress } from "./hub_address.ts";
import { type HubStatus, readHubStatus } from "./hub_status.ts";

/** Time for an answer, whole. Spec: client.md 1.0 */
const TIMEOUT_MS = 10_000;

/** Room for 30,000 machines with a dozen services each; more is no status document. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** Sends a request, as `fetch` does. */
export type Fetch = (request: Request) => Promise<Response>;

/** A hub's status could not be had; the message says why and what to do. */
export class StatusError extends Error {
  /** The name of the class. */
  override readonly name: string = "StatusError";
}

/** What {@linkcode fetchHubStatus} asks with. */
export interface HubApiOptions {
  /** Secret that the hub knows the caller by; undefined or "" where the hub is open. */
  token: string | undefined;
  /** Sends the request. */
  fetch: Fetch;
  /** Times it. */
  clock: Clock;
  /** Gives it up. */
  signal?: AbortSignal;
}

/** The platform's reason without its wrapping: `… tcp connect error: Connection refused (os …)`. */
export function reasonOf(error: unknown): string {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause !== undefined) innermost = innermost.cause;
  const text = innermost instanceof Error ? innermost.message : String(innermost);
  const last = text.replace(/ \(os error \d+\)/, "").split(": ").at(-1)!.trim();
  return last === "" ? "no connection" : last[0]!.toLowerCase() + last.slice(1);
}

function refusal(status: number, { hub, token }: { hub: HubAddress; token: string }): StatusError {
  if (status !== 401) return new StatusError(`Hub ${hub.httpUrl} answered HTTP ${status}`);
  const advice = token === ""
    ? "set TELA_TOKEN or give -token"
    : "check TELA_TOKEN or -token; it may be mistyped, expired or revoked";
  const what = token === "" ? "needs a token" : "does not accept the token";
  return new StatusError(`Hub ${hub.httpUrl} ${what} (HTTP 401): ${advice}`);
}

/** Reads at most `MAX_BODY_BYTES`; undefined if there is more. */
async function readBody(response: Response): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  let lengthBytes = 0;
  for await (const chunk of response.body ?? []) {
    lengthBytes += chunk.length;
    if (lengthBytes > MAX_BODY_BYTES) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function parseStatus(body: string | undefined): HubStatus | undefined {
  if (body === undefined) return undefined;
  try {
    return readHubStatus(JSON.parse(body));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Asks a hub for its machines.
 *
 * Spec: hub-api.md 1.1 (`/api/status`), client.md 1.0, 1.1
 *
 * @throws {StatusError} if the hub cannot be reached within 10 s, refuses, or answers something else
 */
export async function fetchHubStatus(
  hub: HubAddress,
  { token = "", fetch, clock, signal }: HubApiOptions,
): Promise<HubStatus> {
  const timeout = new AbortController();
  const timer = clock.setTimer(() => timeout.abort(), TIMEOUT_MS);
  const stop = signal === undefined ? timeout.signal : AbortSignal.any([timeout.signal, signal]);
  const headers = new Headers(token === "" ? [] : [["authorization", `Bearer ${token}`]]);
  const url = `${hub.httpUrl}/api/status`;
  try {
    const response = await fetch(new Request(url, { headers, signal: stop }));
    if (response.status !== 200) {
      await response.body?.cancel();
      throw refusal(response.status, { hub, token });
    }
    const status = parseStatus(await readBody(response));
    if (status !== undefined) return status;
    throw new StatusError(`No hub at ${hub.httpUrl}: its answer is not a hub's status`);
  } catch (cause) {
    if (cause instanceof StatusError) throw cause;
    const reason = timeout.signal.aborted ? "no answer within 10 s" : reasonOf(cause);
    const advice = "check the address, and that the hub is running";
    throw new StatusError(`Cannot reach the hub at ${hub.httpUrl}: ${reason}; ${advice}`, {
      cause,
    });
  } finally {
    timer.cancel();
  }
}
