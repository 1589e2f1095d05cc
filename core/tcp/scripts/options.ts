import { DEFAULT_TCP_OPTIONS, type TcpOptions } from "../mod.ts";
import { ScriptError } from "./script.ts";

/** What a script can set before it begins. */
export interface HostOptions {
  /** MTU of the path: 1040, for an MSS of 1000. */
  readonly mtuBytes: number;
  /** Initial sequence number of this end; a stack chooses its own. */
  readonly localIss: number;
  /** Initial sequence number of the peer. */
  readonly peerIss: number;
  /** Limits of the connections. */
  readonly tcp: Partial<TcpOptions>;
}

/** Both begin close to the wrap, so that every script that moves data crosses it. */
const DEFAULT_LOCAL_ISS = 0xffffff00;
const DEFAULT_PEER_ISS = 0xfffffff0;

/**
 * Values of `option` lines: `mtu`, `local-iss`, `peer-iss`, and every limit of a connection under its
 * name in kebab case.
 *
 * @throws {ScriptError} if there is no such option or the value is not of its type
 */
export function hostOptions(options: ReadonlyMap<string, string>): HostOptions {
  const rest = new Map(options);
  const take = (name: string, fallback: number): number => {
    const text = rest.get(name);
    rest.delete(name);
    return text === undefined ? fallback : numberOf(name, text);
  };
  const mtuBytes = take("mtu", 1040);
  const localIss = take("local-iss", DEFAULT_LOCAL_ISS);
  const peerIss = take("peer-iss", DEFAULT_PEER_ISS);
  const entries = [...rest].map(([name, text]) => tcpEntry(name, text));
  return { mtuBytes, localIss, peerIss, tcp: Object.fromEntries(entries) };
}

function tcpEntry(name: string, text: string): [string, unknown] {
  const key = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  const defaults: ReadonlyMap<string, unknown> = new Map(Object.entries(DEFAULT_TCP_OPTIONS));
  switch (typeof defaults.get(key)) {
    case "number":
      return [key, numberOf(name, text)];
    case "boolean":
      if (text === "on" || text === "off") return [key, text === "on"];
      throw new ScriptError(1, `option ${name} "${text}" is neither on nor off`);
    case "string":
      return [key, text];
    default:
      throw new ScriptError(1, `there is no option "${name}"`);
  }
}

function numberOf(name: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new ScriptError(1, `option ${name} "${text}" is not a whole number`);
}
