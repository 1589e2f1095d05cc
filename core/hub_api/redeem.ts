import { printable, UsageError } from "../cli/mod.ts";
import { isFingerprint } from "../identity/mod.ts";
import type { HubAddress } from "./hub_address.ts";
import { ApiError, JsonApi, type JsonApiOptions } from "./json_api.ts";

/** Spec: client.md 1.0 (timeouts) */
const TIMEOUT_MS = 30_000;

/** The identity of an agent that a code was made for. */
export interface VouchedAgent {
  /** Name of its machine. */
  readonly machine: string;
  /** As `SHA256:…`. */
  readonly fingerprint: string;
}

/** What a code was worth. */
export interface Redeemed {
  /** The token; a secret. */
  readonly token: string;
  /** Name by which the hub knows its holder; "" if it does not say. */
  readonly identity: string;
  /** The agent that the code vouches for, as the hub says. An addition of ours. */
  readonly agent?: VouchedAgent;
}

function refusalOf({ status, said }: ApiError): string {
  if (said === "") return `HTTP ${status}`;
  return status === 401 ? `${printable(said)}; ask the hub's owner for another` : printable(said);
}

/**
 * Exchanges a pairing code for a token; capitals and blanks around the code do not matter.
 *
 * Spec: hub-api.md 1.1 (`/api/pair`), agent.md 8 (pair)
 *
 * @param machine that a code for an agent is for, if it is to be named
 * @throws {UsageError} if there is no code
 * @throws {ApiError} if the hub cannot be reached, refuses, or answers something else
 */
export async function redeemCode(
  { hub, code: typed, machine = "" }: {
    readonly hub: HubAddress;
    readonly code: string;
    readonly machine?: string | undefined;
  },
  { fetch, clock }: Pick<JsonApiOptions, "clock" | "fetch">,
): Promise<Redeemed> {
  const code = typed.trim().toUpperCase();
  if (code === "") throw new UsageError("Missing -code: ask the hub's owner for one");
  const api = new JsonApi({ hub, token: "", fetch, clock, timeoutMs: TIMEOUT_MS });
  try {
    const body = { code, ...(machine !== "" && { machineId: machine }) };
    const { token, identity, machineId, fingerprint } = await api.request(
      "POST",
      "/api/pair",
      body,
    );
    if (typeof token !== "string" || token === "") {
      throw new ApiError(`No hub at ${hub.httpUrl}: it answered without a token`);
    }
    const name = typeof identity === "string" ? identity : "";
    const isVouched = typeof machineId === "string" && typeof fingerprint === "string" &&
      isFingerprint(fingerprint);
    return {
      token,
      identity: name,
      ...(isVouched && { agent: { machine: machineId, fingerprint } }),
    };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === undefined) throw error;
    throw new ApiError(refusalOf(error), { cause: error, status: error.status });
  }
}
