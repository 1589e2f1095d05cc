import type { Packet, PacketPool, Random } from "../bytes/mod.ts";
import { checkKey } from "./keys.ts";
import { INITIATION } from "./messages.ts";

/** Options of {@linkcode WireGuard}. */
export interface WireGuardOptions {
  /** Own X25519 private key, 32 bytes; copied, the copy is wiped by `close`. */
  privateKey: Uint8Array;
  /** Public key of the one peer, 32 bytes; copied. */
  peerPublicKey: Uint8Array;
  /** Secret shared beforehand, 32 bytes; copied, the copy is wiped by `close`. Default none. */
  presharedKey?: Uint8Array;
  /** A keepalive is sent whenever nothing went either way for so long; 0 is off. Default 0. */
  persistentKeepaliveMs?: number;
  /** Largest inner packet expected, at most the pool's; padding never exceeds it. */
  mtuBytes: number;
  /** Cryptographic randomness. */
  random: Random;
  /** Wall time in milliseconds since 1970-01-01 UTC, for the timestamps of initiations only. */
  wallMs: () => number;
  /** Lends packets for handshake messages and keepalives, and takes dropped packets back. */
  pool: PacketPool;
  /** Takes one whole WireGuard message for the peer, with at least 48 bytes of headroom. */
  send: (packet: Packet) => void;
  /** Borrows one decrypted inner packet, zero padding still on: its IP length trims it. */
  deliver: (bytes: Uint8Array, start: number, end: number) => void;
}

/** @throws {RangeError} if a key has a wrong length or a number is out of range */
export function checkOptions(o: WireGuardOptions): void {
  checkKey("private key", o.privateKey);
  checkKey("peer public key", o.peerPublicKey);
  if (o.presharedKey !== undefined) checkKey("preshared key", o.presharedKey);
  const keepaliveMs = o.persistentKeepaliveMs ?? 0;
  if (!Number.isFinite(keepaliveMs) || keepaliveMs < 0) {
    throw new RangeError(
      `Cannot use persistentKeepaliveMs: ${keepaliveMs}, must be 0 or a positive number`,
    );
  }
  checkMtu(o.mtuBytes, o.pool);
}

/** @throws {RangeError} if the MTU is below 148, an initiation, or above what the pool holds */
export function checkMtu(mtuBytes: number, pool: PacketPool): void {
  const max = pool.maxPacketBytes;
  if (Number.isInteger(mtuBytes) && mtuBytes >= INITIATION.lengthBytes && mtuBytes <= max) return;
  throw new RangeError(
    `Cannot use mtuBytes: ${mtuBytes}, must be an integer from ${INITIATION.lengthBytes} to ${max}`,
  );
}
