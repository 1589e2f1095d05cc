/**
 * Packet scripts: what the peer sends, what this end must answer, and when, one line per event. They
 * prove the behaviour of `core/tcp` and are used by tests alone, as is the encoder of segments, which
 * shares no code with the stack.
 *
 * @example
 * ```ts
 * import { parseScript, runScript } from "./mod.ts";
 *
 * await runScript(parseScript(`
 *   title RFC 9293 §3.5: a SYN is answered by SYN-ACK
 *   0   listen
 *   10  <  S 0
 *   10  >  SA 0 1
 *   10  state syn-received
 * `));
 * ```
 *
 * @module
 */

export { parseScript } from "./parse.ts";
export { runScript } from "./run.ts";
export {
  type AbsentOption,
  type CallName,
  type Script,
  ScriptError,
  type ScriptEvent,
  type ScriptTime,
  type SegmentSpec,
} from "./script.ts";
export {
  type Bases,
  checksum,
  encodeSegment,
  formatSegment,
  streamByte,
  type Surroundings,
} from "./wire.ts";
