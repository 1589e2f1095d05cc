import { UsageError } from "../cli/mod.ts";
import type { StunServer } from "../path/mod.ts";

/** Spec: RFC 8489 §14.14 (the port registered for STUN) */
const DEFAULT_PORT = 3478;

/** More say nothing new, and each is asked for every socket. */
const MAX_SERVERS = 4;

/** The flag `-stun` of agent and client, which {@linkcode readStunServers} reads. */
export const STUN_FLAG = {
  type: "string",
  placeholder: "list",
  summary: "STUN servers besides the hub, as stun.example.com:3478. Default: the hub alone.",
  env: "TELA_STUN",
} as const;

/** `host`, `host:port`, `[v6]` or `[v6]:port`. */
function readServer(text: string): StunServer | undefined {
  const [, bracketed, plain, port = String(DEFAULT_PORT)] =
    /^(?:\[([0-9a-f:.]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) < 1 || Number(port) > 0xffff) return undefined;
  return { host, port: Number(port) };
}

/**
 * The servers that `-stun` names, none unless it does.
 *
 * @throws {UsageError} if one is malformed, or there are more than 4
 */
export function readStunServers(text: string = ""): readonly StunServer[] {
  const words = text.split(",").map((word) => word.trim()).filter((word) => word !== "");
  const servers = words.map(readServer).filter((server) => server !== undefined);
  if (servers.length === words.length && servers.length <= MAX_SERVERS) return servers;
  throw new UsageError(`Invalid -stun "${text}": must be up to ${MAX_SERVERS} of host:port`);
}
