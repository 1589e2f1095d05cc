import { BufferMemory, type TcpOptions } from "../tcp/mod.ts";

const MIB = 1 << 20;
const DEFAULT_MIB = 256;

/** The most that {@linkcode TcpOptions} take. */
const MAX_STACK_BYTES = 2 ** 30;

/** The flag `-buffer-memory` of agent and client, which {@linkcode limitBufferMemory} takes. */
export const BUFFER_MEMORY_FLAG = {
  type: "number",
  placeholder: "MiB",
  summary:
    "Most that connections through tunnels hold, all together; one holds up to an 8th each way.",
  default: DEFAULT_MIB,
  // Less leaves a buffer less than it begins with; of more a tunnel could not have a quarter.
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
  // As much as a buffer gets of its tunnel's half while nothing of it is lent.
  const bufferBytes = maxBytes / 8;
  return {
    memory: new BufferMemory(maxBytes),
    tcp: {
      sendBufferBytes: bufferBytes,
      receiveBufferBytes: bufferBytes,
      stackBufferBytes: Math.min(maxBytes / 2, MAX_STACK_BYTES),
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
