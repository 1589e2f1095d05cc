import type { Clock } from "../../core/clock/mod.ts";
import { ApiError, type Fetch, type HubAddress, JsonApi } from "../../core/hub_api/mod.ts";
import { type HubStatus, readHubStatus } from "./hub_status.ts";

/** Time for an answer, whole. Spec: client.md 1.0 */
const TIMEOUT_MS = 10_000;

/** What {@linkcode fetchHubStatus} asks with. */
export interface HubApiOptions {
  /** Secret that the hub knows the caller by; undefined or "" where the hub is open. */
  token: string | undefined;
  /** Sends the request. */
  fetch: Fetch;
  /** Times it. */
  clock: Clock;
  /** Gives it up. */
  signal?: AbortSignal | undefined;
}

function refusal(error: ApiError, { hub, token }: { hub: HubAddress; token: string }): ApiError {
  const { status = 0, said } = error;
  if (status < 400) return error;
  const advice = token === ""
    ? "set TELA_TOKEN or give -token"
    : "check TELA_TOKEN or -token; it may be mistyped, expired or revoked";
  const what = token === "" ? "needs a token" : "does not accept the token";
  const message = status === 401
    ? `Hub ${hub.httpUrl} ${what} (HTTP 401): ${advice}`
    : `Hub ${hub.httpUrl} answered HTTP ${status}${said && `: ${said}`}`;
  return new ApiError(message, { cause: error, status });
}

/**
 * Asks a hub for its machines.
 *
 * Spec: hub-api.md 1.1 (`/api/status`), client.md 1.0, 1.1
 *
 * @throws {ApiError} if the hub cannot be reached within 10 s, refuses, or answers something else
 */
export async function fetchHubStatus(
  hub: HubAddress,
  { token = "", ...options }: HubApiOptions,
): Promise<HubStatus> {
  const api = new JsonApi({ ...options, hub, token, timeoutMs: TIMEOUT_MS });
  try {
    const status = readHubStatus(await api.request("GET", "/api/status"));
    if (status !== undefined) return status;
  } catch (error) {
    throw error instanceof ApiError ? refusal(error, { hub, token }) : error;
  }
  throw new ApiError(`No hub at ${hub.httpUrl}: its answer is not a hub's status`);
}
