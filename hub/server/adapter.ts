import type { IncomingMessage, ServerResponse } from "node:http";
import { Buffer } from "node:buffer";
import { plainAddress } from "../../core/stream/mod.ts";
import { cleanPath, type Router, text } from "../http/mod.ts";

/** Stands in for the host in URLs of requests; what the peer called it is in the `host` header. */
const BASE = "http://hub";

/** Where a request is aimed. */
export interface Target {
  /** Begins with a slash; not percent-decoded. */
  readonly path: string;
  /** With its question mark, "" if there is none. */
  readonly query: string;
}

/** Takes apart what stands in a request line; undefined if it is no path on this server. */
export function targetOf(requestTarget: string): Target | undefined {
  const origin = /^https?:\/\/[^/?#]+/i.exec(requestTarget)?.[0] ?? "";
  const rest = requestTarget.slice(origin.length) || "/";
  // Browsers read a backslash as a slash, so that a redirect could lead to another host.
  if (!rest.startsWith("/") || rest.includes("\\") || rest.includes("#")) return undefined;
  const mark = rest.indexOf("?");
  return mark < 0
    ? { path: rest, query: "" }
    : { path: rest.slice(0, mark), query: rest.slice(mark) };
}

/** Address of the peer, as `192.0.2.1:4711`. */
export function remoteAddressOf({ remoteAddress, remotePort }: {
  remoteAddress?: string | undefined;
  remotePort?: number | undefined;
}): string {
  return `${plainAddress(remoteAddress ?? "")}:${remotePort ?? 0}`;
}

/**
 * Who asks, behind a proxy on this machine that says so in `X-Forwarded-For`: the last address there is
 * the one the proxy itself has seen. What any other peer says of itself is not believed.
 */
export function originOf(
  peerAddress: string,
  forwardedFor: string | readonly string[] | undefined,
): string {
  if (forwardedFor === undefined || !peerAddress.startsWith("127.")) return peerAddress;
  const last = [forwardedFor].flat().join(",").split(",").at(-1)!.trim();
  return /^[0-9A-Fa-f.:[\]]{2,64}$/.test(last) ? last : peerAddress;
}

/** The body of a request, taken from the connection only as far as somebody reads it. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> | undefined {
  if (incoming.method === "GET" || incoming.method === "HEAD") return undefined;
  let isOver = false;
  const over = (end: () => void) => () => {
    if (!isOver) end();
    isOver = true;
  };
  return new ReadableStream({
    start(controller) {
      incoming.pause();
      incoming.on("data", (chunk: Uint8Array) => {
        if (isOver) return;
        controller.enqueue(chunk);
        incoming.pause();
      });
      const broken = over(() => controller.error(new Error("The request has broken off")));
      incoming.once("end", over(() => controller.close()));
      incoming.on("error", broken);
      incoming.once("close", broken);
    },
    pull: () => void incoming.resume(),
    cancel() {
      isOver = true;
      incoming.resume();
    },
  }, { highWaterMark: 0 });
}

function requestOf(incoming: IncomingMessage, { path, query }: Target): Request | undefined {
  try {
    const headers = new Headers();
    for (const [name, value] of Object.entries(incoming.headers)) {
      for (const item of [value ?? []].flat()) headers.append(name, item);
    }
    const { method = "GET" } = incoming;
    const body = bodyOf(incoming);
    return new Request(`${BASE}${path}${query}`, { method, headers, body });
  } catch {
    // TRACE and its like, or a header that no program sends: there is no such request.
    return undefined;
  }
}

/** Answers a request that an HTTP server received. */
export async function answer(
  router: Router,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<{ status: number; path: string }> {
  const target = targetOf(incoming.url ?? "");
  const response = await respond(router, incoming, target);
  for (const [name, value] of response.headers) outgoing.appendHeader(name, value);
  outgoing.statusCode = response.status;
  await sendBody(response, outgoing, { isHead: incoming.method === "HEAD" });
  // Closing with unread bytes would make the kernel send a reset, which can destroy the answer.
  incoming.resume();
  return { status: response.status, path: target?.path ?? "" };
}

/** Sends a body of one piece with its length, any other piece by piece as the peer takes it. */
async function sendBody(
  response: Response,
  outgoing: ServerResponse,
  { isHead }: { isHead: boolean },
): Promise<void> {
  const reader = response.body?.getReader();
  const first = await reader?.read();
  const second = await reader?.read();
  if (second === undefined || second.done) {
    const body = Buffer.from(first?.value ?? new Uint8Array(0));
    // Spec: RFC 9110 §8.6: of 304 it would have to be the length that 200 has.
    const isBodyless = response.status === 204 || response.status === 304;
    if (!isBodyless) outgoing.setHeader("content-length", body.length);
    outgoing.end(isHead ? undefined : body);
    return;
  }
  // A peer that has gone wants no more.
  outgoing.once("close", () => reader!.cancel());
  if (isHead) await reader!.cancel();
  else outgoing.write(first!.value);
  let piece: ReadableStreamReadResult<Uint8Array> = second;
  for (; !isHead && !piece.done; piece = await reader!.read()) {
    if (!outgoing.write(piece.value)) await drained(outgoing);
  }
  outgoing.end();
}

/** Resolves once more can be written, or nothing any more. */
function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      outgoing.off("drain", settle);
      outgoing.off("close", settle);
      resolve();
    };
    if (outgoing.destroyed) return resolve();
    outgoing.on("drain", settle);
    outgoing.on("close", settle);
  });
}

async function respond(
  router: Router,
  incoming: IncomingMessage,
  target: Target | undefined,
): Promise<Response> {
  if (target === undefined) return text("400 bad request target", 400);
  const clean = cleanPath(target.path);
  if (clean !== target.path) {
    return new Response(null, { status: 301, headers: { location: clean + target.query } });
  }
  const request = requestOf(incoming, target);
  if (request === undefined) return text("400 bad request", 400);
  const peerAddress = remoteAddressOf(incoming.socket);
  const remoteAddress = originOf(peerAddress, incoming.headers["x-forwarded-for"]);
  try {
    return await router.handle(request, { remoteAddress });
  } finally {
    // What has not been read by now is thrown away as it comes; what has broken off cannot be.
    request.body?.cancel().catch(() => {});
  }
}
