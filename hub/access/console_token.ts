import type { Role, TokenEntry } from "../config/mod.ts";
import { isValid } from "./state.ts";

/**
 * The token that the console page may be given: that of the one identity made for it, while that is
 * valid and a viewer. Never that of a person who is a viewer too.
 *
 * Spec: hub-api.md 2 (console token selection)
 */
export function consoleToken(
  identities: readonly TokenEntry[],
  { id, wallMs }: { readonly id: string; readonly wallMs: number },
): string | undefined {
  const viewer: Role = "viewer";
  const entry = identities.find((candidate) => candidate.id === id);
  return entry?.role === viewer && isValid(entry, wallMs) ? entry.token : undefined;
}
