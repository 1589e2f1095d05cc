import { get as httpGet, type IncomingMessage } from "node:http";
import { type Clock, systemClock } from "../../core/clock/mod.ts";
import type { Host } from "../../core/config/mod.ts";
import type { ConnectionStatus } from "./connection.ts";
import {
  type ControlAddress,
  type ControlFile,
  readControlFiles,
  removeControlFile,
} from "./control_file.ts";

/** A client on this machine answers in milliseconds; one that is stopped does not at all. */
export const ANSWER_TIMEOUT_MS = 2000;

/** Longest answer, in bytes: 254 tunnels with all their ports are a tenth of it. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** What a running client says of itself; `gone` if its file is all that is left of it. */
export type ControlAnswer =
  | { readonly state: "alive"; readonly pid: number; readonly connections: ConnectionStatus[] }
  | { readonly state: "silent"; readonly pid: number }
  | { readonly state: "gone"; readonly pid: number };

/** Asks without a proxy: the token is nobody else's. */
function request({ port, token }: ControlAddress, signal: AbortSignal): Promise<IncomingMessage> {
  const options = { signal, agent: false, headers: { authorization: `Bearer ${token}` } };
  return new Promise((resolve, reject) => {
    httpGet(`http://127.0.0.1:${port}/status`, options, resolve).on("error", reject);
  });
}

async function bodyOf(response: IncomingMessage): Promise<string | undefined> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let lenBytes = 0;
  for await (const chunk of response) {
    lenBytes += chunk.length;
    if (lenBytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return await new Blob(chunks).text();
}

/** A client of another version may say it otherwise. */
function isConnection(value: unknown): value is ConnectionStatus {
  const { hub, machine, state, services, tunnel } = Object(value);
  const isTunnel = tunnel === null ||
    Array.isArray(tunnel?.paths) && Object(tunnel.peer) === tunnel.peer;
  return [hub, machine, state].every((text) => typeof text === "string") && isTunnel &&
    Array.isArray(services);
}

function connectionsIn(body: string | undefined): ConnectionStatus[] | undefined {
  try {
    const { connections } = Object(JSON.parse(body ?? ""));
    return Array.isArray(connections) ? connections.filter(isConnection) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whether there is no server, or one that is none of ours. */
function isNotOurs(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code === "ECONNREFUSED" || code === "ECONNRESET" || code.startsWith("HPE_");
}

/** Options of {@linkcode askClient} and {@linkcode findClients}. */
export interface AskOptions {
  /** Times the wait for an answer. Default: the machine's. */
  clock?: Clock;
}

/** Asks a client for its state; never throws. A port that another program has taken since does not count as it. */
export async function askClient(
  address: ControlAddress,
  { clock = systemClock }: AskOptions = {},
): Promise<ControlAnswer> {
  const { pid } = address;
  const late = new AbortController();
  const { signal } = late;
  const timer = clock.setTimer(() => late.abort(), ANSWER_TIMEOUT_MS);
  try {
    const response = await request(address, signal);
    const connections = connectionsIn(await bodyOf(response));
    const answered = response.statusCode === 200 && connections !== undefined;
    return answered ? { state: "alive", pid, connections } : { state: "gone", pid };
  } catch (error) {
    const isGone = !signal.aborted && isNotOurs(error);
    return { state: isGone ? "gone" : "silent", pid };
  } finally {
    timer.cancel();
  }
}

/** A client that runs, or at least does not answer that it does not. */
export interface FoundClient {
  /** Where it is. */
  readonly address: ControlAddress;
  /** What it says of its tunnels. */
  readonly answer: Exclude<ControlAnswer, { state: "gone" }>;
}

async function found(
  { path, address }: ControlFile,
  options: AskOptions,
): Promise<FoundClient | undefined> {
  const answer = address === undefined ? undefined : await askClient(address, options);
  if (address !== undefined && answer !== undefined && answer.state !== "gone") {
    return { address, answer };
  }
  try {
    await removeControlFile({ path, address });
  } catch (error) {
    // In a folder that cannot be written it stays, and says nothing either way.
    const denied = error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotCapable;
    if (!denied) throw error;
  }
  return undefined;
}

/**
 * The clients of this user that run now. Files of those that ended without removing theirs are
 * removed.
 *
 * Spec: client.md 3, checklist 67
 */
export async function findClients(host: Host, options: AskOptions = {}): Promise<FoundClient[]> {
  const files = await readControlFiles(host);
  const clients = await Promise.all(files.map((file) => found(file, options)));
  return clients.filter((client) => client !== undefined);
}
