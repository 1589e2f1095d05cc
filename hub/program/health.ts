import { get as httpGet, type IncomingMessage } from "node:http";
import { get as httpsGet } from "node:https";

/** Longest answer that is read. Spec: hub-api.md 6 (health) */
const MAX_BODY_BYTES = 64 * 1024;

/** Asks a URL, not by way of a proxy. */
function ask(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const get = url.protocol === "https:" ? httpsGet : httpGet;
  return new Promise((resolve, reject) => {
    get(url, { signal, agent: false }, resolve).on("error", reject);
  });
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let lenBytes = 0;
  for await (const chunk of response) {
    lenBytes += chunk.length;
    if (lenBytes > MAX_BODY_BYTES) {
      throw new Error(`the answer is longer than ${MAX_BODY_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return new TextDecoder().decode(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).bytes());
}

function protocolVersionOf(body: string): string {
  try {
    const { protocolVersion } = JSON.parse(body);
    return typeof protocolVersion === "string" ? protocolVersion : "";
  } catch {
    return "";
  }
}

/**
 * Asks a hub for its discovery document and gives a line that says so.
 *
 * Spec: hub-api.md 6 (health). @throws Error if there is no healthy hub within `timeoutMs`
 */
export async function checkHealth(
  base: string,
  { timeoutMs }: { timeoutMs: number },
): Promise<string> {
  try {
    const url = new URL("/.well-known/tela", base);
    const response = await ask(url, AbortSignal.timeout(timeoutMs));
    const status = response.statusCode ?? 0;
    const body = await bodyOf(response);
    if (status < 200 || status > 299) throw new Error(`the answer is ${status}`);
    const version = protocolVersionOf(body);
    if (version === "") throw new Error("the answer is not a hub's");
    return `ok: ${url.origin} speaks protocol ${version}`;
  } catch (cause) {
    const reason = cause instanceof Error
      ? cause.name === "AbortError" || cause.name === "TimeoutError"
        ? `no answer within ${timeoutMs} ms`
        : cause.message
      : String(cause);
    throw new Error(`health: ${base}: ${reason}`, { cause });
  }
}
