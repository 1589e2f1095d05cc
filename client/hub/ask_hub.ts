import type { Clock } from "../../core/clock/mod.ts";
import { type Fetch, parseHubAddress } from "../../core/hub_api/mod.ts";
import { fetchHubStatus } from "./hub_api.ts";
import type { HubStatus } from "./hub_status.ts";

/** What asking a hub takes. */
export interface HubDeps {
  /** Times the request. */
  readonly clock: Clock;
  /** Sends it. */
  readonly fetch: Fetch;
  /** The token kept for a hub, "" if none. */
  readonly storedToken: (hubUrl: string) => Promise<string>;
}

/** What the hub says, asked with the token given, else the one kept for it. */
export async function askHub(
  { hub, token = "" }: { hub: string; token?: string | undefined },
  { storedToken, fetch, clock }: HubDeps,
): Promise<HubStatus> {
  const address = parseHubAddress(hub);
  const secret = token || await storedToken(address.wsUrl);
  return await fetchHubStatus(address, { token: secret, fetch, clock });
}
