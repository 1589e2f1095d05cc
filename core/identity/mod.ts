/**
 * Who an agent is: its long-lived key, the hello that it signs for a session, and what clients keep of
 * the agents they know.
 *
 * @example
 * ```ts
 * import { AgentIdentity, agentHello, verifyHello } from "./mod.ts";
 *
 * const identity = new AgentIdentity(new Uint8Array(32).fill(7));
 * const agentKey = new Uint8Array(32).fill(1);
 * const clientKey = new Uint8Array(32).fill(2);
 * const session = { machine: "barn", agentKey, clientKey };
 * const hello = agentHello(identity, { ...session, features: ["resume"] });
 * console.log(verifyHello(hello, session)?.fingerprint === identity.fingerprint); // true
 * console.log(verifyHello(hello, { ...session, machine: "attic" })); // undefined
 * ```
 *
 * @module
 */

export { AgentIdentity, generateSeed, SEED_BYTES } from "./agent_identity.ts";
export { fingerprintOf, isFingerprint } from "./fingerprint.ts";
export {
  agentHello,
  clientHello,
  FEATURE_PATHS,
  FEATURE_RESUME,
  FEATURE_SYN_DATA,
  HELLO_VERSION,
  type HelloSession,
  ownFeatures,
  type ProvenAgent,
  verifyHello,
} from "./hello.ts";
export { type KeyFileOptions, loadAgentIdentity } from "./key_file.ts";
export { type AgentName, KnownAgents, type Pin } from "./known_agents.ts";
