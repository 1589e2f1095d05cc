import type { NatBehaviour } from "./nat.ts";

/** What stands between a host and the Internet. */
export type Kind =
  | "blocked"
  | "double"
  | "full cone"
  | "none"
  | "port restricted"
  | "restricted"
  | "symmetric";

/** All kinds, from the easiest to the hardest. */
export const KINDS: readonly Kind[] = [
  "none",
  "full cone",
  "restricted",
  "port restricted",
  "double",
  "symmetric",
  "blocked",
];

const PORT_RESTRICTED: NatBehaviour = { mapping: "nothing", filtering: "address-and-port" };

/** The NATs on the way out, the one next to the host first. */
export const NATS: Readonly<Record<Kind, readonly NatBehaviour[]>> = {
  "none": [],
  "full cone": [{ mapping: "nothing", filtering: "nothing" }],
  "restricted": [{ mapping: "nothing", filtering: "address" }],
  "port restricted": [PORT_RESTRICTED],
  "double": [PORT_RESTRICTED, { mapping: "nothing", filtering: "address" }],
  "symmetric": [{ mapping: "address-and-port", filtering: "address-and-port" }],
  "blocked": [{ ...PORT_RESTRICTED, blocked: true }],
};

/**
 * Whether two hosts behind NATs of their own can reach each other directly, without guessing ports:
 * the port of a symmetric one is known only to whom it has sent, so the other must let any port in.
 */
export function canBeDirect(a: Kind, b: Kind): boolean {
  const filtersPorts = (kind: Kind) =>
    kind === "port restricted" || kind === "double" || kind === "symmetric";
  if (a === "blocked" || b === "blocked") return false;
  if (a === "symmetric") return !filtersPorts(b);
  if (b === "symmetric") return !filtersPorts(a);
  return true;
}
