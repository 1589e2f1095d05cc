import { BufferMemory, SHARES_OF_MEMORY, SHARES_OF_STACK, type TcpOptions } from "../tcp/mod.ts";

const MIB = 1 << 20;
const DEFAULT_MIB = 256;

/** The flag `-buffer-memory` of agent and client, which {@linkcode limitBufferMemory} takes. */
export const BUFFER_MEMORY_FLAG = {
  type: "number",
  placeholder: "MiB",
  summary:
    "Most that connections through tunnels hold, all together; one holds up to a 64th each way.",
  default: DEFAULT_MIB,
  // Less leaves a buffer less than it begins with; more leaves a tunnel more than TCP can count.
  min: 16,
  max: 4096,
} as const;

/** What the TCP of a tunnel may hold. */
export interface BufferLimits {
  /** What all tunnels of the process share. */
  readonly memory: BufferMemory;
  /** The bounds of this one. */
  readonly tcp: Pick<TcpOptions, "sendBufferBytes" | "receiveBufferBytes" | "stackBufferBytes">;
}

function limitsOf(mebibytes: number): BufferLimits {
  const maxBytes = mebibytes * MIB;
  // As much as a buffer gets of this memory while nothing is lent.
  const bufferBytes = maxBytes / SHARES_OF_MEMORY;
  return {
    memory: new BufferMemory(maxBytes),
    tcp: {
      sendBufferBytes: bufferBytes,
      receiveBufferBytes: bufferBytes,
      stackBufferBytes: bufferBytes * SHARES_OF_STACK,
    },
  };
}

let limits = limitsOf(DEFAULT_MIB);

/** What a tunnel made now may hold. */
export function bufferLimits(): BufferLimits {
  return limits;
}

/**
 * Bounds what the TCP buffers of all tunnels hold that this process makes from now on, in MiB, 16 to
 * 4096; 256 unless called.
 */
export function limitBufferMemory(mebibytes: number): void {
  limits = limitsOf(mebibytes);
}
