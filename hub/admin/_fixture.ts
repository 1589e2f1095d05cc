import type { AuthConfig, TokenEntry } from "../config/mod.ts";
import { acl, HubRig, identity } from "../testing/mod.ts";

/** One identity of each role, and `agent`, which registers the machine `barn`. */
export function auth(more: readonly TokenEntry[] = []): AuthConfig {
  return {
    tokens: [
      identity("owner", "owner"),
      identity("admin", "admin"),
      identity("viewer", "viewer"),
      identity("alice", "user"),
      identity("agent", "user"),
      ...more,
    ],
    machines: new Map([["barn", acl({ registerToken: "agent-token" })]]),
  };
}

/** Runs a test with a hub that has these identities, by default those of {@linkcode auth}. */
export async function withHub(
  test: (hub: HubRig) => void | Promise<void>,
  identities: AuthConfig = auth(),
): Promise<void> {
  const hub = new HubRig(identities);
  try {
    await test(hub);
  } finally {
    hub.close();
  }
}
