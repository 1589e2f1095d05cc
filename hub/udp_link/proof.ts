import { createHmac, timingSafeEqual } from "node:crypto";
import type { Bytes, Hello } from "./messages.ts";

/**
 * The proof that the hub, or the host, knows the secret: an HMAC over who proves it, both nonces and
 * what the host says of itself. The secret itself is never sent.
 */
export function proofOf(
  prover: "hub" | "host",
  { secret, hello, hubNonce }: { secret: string; hello: Hello; hubNonce: Bytes },
): Bytes {
  const hmac = createHmac("sha256", secret);
  hmac.update(`tela udp link 1\0${prover}\0${hello.host}\0${hello.port}\0`);
  hmac.update(hello.nonce);
  hmac.update(hubNonce);
  return new Uint8Array(hmac.digest());
}

/** Compares two proofs in a time that says nothing about them. */
export function isSameProof(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
