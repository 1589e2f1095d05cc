import { createHash, randomBytes, X509Certificate } from "node:crypto";
import { createSocket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { type Endpoint, makeEndpoint } from "../../core/endpoint/mod.ts";
import { acceptKey } from "../../core/websocket/mod.ts";
import type {
  HttpAnswer,
  HttpQuestion,
  ProbeAddress,
  Probes,
  TlsFacts,
  UdpProbe,
  UpgradeProbe,
} from "./probes.ts";

/** As much of a body as is read: the machines of a large hub. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Options of {@linkcode systemProbes}. */
export interface SystemProbesOptions {
  /** A certificate of an authority to trust besides those of the system, PEM. */
  ca?: string;
}

async function resolve(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function connectTcp(to: ProbeAddress, signal: AbortSignal): Promise<{ localAddress: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(to);
    signal.addEventListener("abort", () => socket.destroy(), { once: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      const { localAddress = "" } = socket;
      socket.destroy();
      resolve({ localAddress });
    });
  });
}

/** What a certificate says. Spec: client.md 4.5 (pin) */
function readCertificate(raw: Uint8Array, hostname: string): Omit<TlsFacts, "reason" | "trusted"> {
  const certificate = new X509Certificate(raw);
  const spki = certificate.publicKey.export({ type: "spki", format: "der" });
  const isIp = makeEndpoint(hostname, 1) !== undefined;
  const match = isIp ? certificate.checkIP(hostname) : certificate.checkHost(hostname);
  return {
    subject: certificate.subject,
    issuer: certificate.issuer,
    names: (certificate.subjectAltName ?? "").replaceAll("DNS:", "").replaceAll("IP Address:", ""),
    validFromMs: Date.parse(certificate.validFrom),
    validToMs: Date.parse(certificate.validTo),
    pin: `sha256:${createHash("sha256").update(spki).digest("hex")}`,
    matchesHost: match !== undefined,
  };
}

function inspectTls(
  { host, port, hostname, signal, ca }:
    & Parameters<Probes["inspectTls"]>[0]
    & SystemProbesOptions,
): Promise<TlsFacts> {
  const isIp = makeEndpoint(hostname, 1) !== undefined;
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({
      host,
      port,
      rejectUnauthorized: false,
      ...(isIp ? {} : { servername: hostname }),
      ...(ca === undefined ? {} : { ca }),
    });
    signal.addEventListener("abort", () => socket.destroy(), { once: true });
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      const { raw } = socket.getPeerCertificate();
      const error = String(socket.authorizationError ?? "");
      socket.destroy();
      // The name is judged by the certificate itself, so a wrong one says nothing of the issuer.
      const trusted = socket.authorized || error === "ERR_TLS_CERT_ALTNAME_INVALID";
      const reason = trusted ? "" : error.toLowerCase().replaceAll("_", " ");
      try {
        resolve({ ...readCertificate(raw, hostname), trusted, reason });
      } catch (cause) {
        reject(new Error("the certificate cannot be read", { cause }));
      }
    });
  });
}

function headersOf(message: IncomingMessage): Record<string, string> {
  const entries = Object.entries(message.headers);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, [value ?? ""].flat().join(", ")]),
  );
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  const decoder = new TextDecoder();
  let body = "";
  let lenBytes = 0;
  for await (const chunk of message) {
    body += decoder.decode(chunk, { stream: true });
    lenBytes += chunk.length;
    if (lenBytes > MAX_BODY_BYTES) break;
  }
  return body + decoder.decode();
}

/** What a request needs to know of where it goes. */
interface Start extends SystemProbesOptions {
  question: Omit<HttpQuestion, "token">;
  headers: Record<string, string>;
}

/** Starts a request by no proxy, on no connection of another, and to the one address. */
function start({ question: { url, remote, signal }, headers, ca }: Start) {
  const { protocol, hostname, port, host, pathname, search } = new URL(url);
  const secure = protocol === "https:";
  const servername = hostname.replace(/^\[(.*)\]$/, "$1");
  const isIp = makeEndpoint(servername, 1) !== undefined;
  return (secure ? httpsRequest : httpRequest)({
    host: remote,
    port: port || (secure ? 443 : 80),
    path: pathname + search,
    headers: { host, ...headers },
    agent: false,
    signal,
    ...(isIp ? {} : { servername }),
    ...(ca === undefined ? {} : { ca }),
  });
}

function get(question: HttpQuestion, trust: SystemProbesOptions): Promise<HttpAnswer> {
  const { token } = question;
  const headers: Record<string, string> = token === "" ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const request = start({ question, headers, ...trust });
    request.on("error", reject);
    request.on("response", (message) => {
      const status = message.statusCode ?? 0;
      const answer = (body: string) => ({ status, headers: headersOf(message), body });
      bodyOf(message).then((body) => resolve(answer(body)), reject);
    });
    request.end();
  });
}

function upgrade(
  question: Omit<HttpQuestion, "token">,
  trust: SystemProbesOptions,
): Promise<UpgradeProbe> {
  const key = randomBytes(16).toString("base64");
  const headers = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-key": key,
    "sec-websocket-version": "13",
  };
  return new Promise((resolve, reject) => {
    const request = start({ question, headers, ...trust });
    const answer = (message: IncomingMessage) => ({
      status: message.statusCode ?? 0,
      headers: headersOf(message),
    });
    request.on("error", reject);
    request.on("upgrade", (message, socket) => {
      socket.destroy();
      const accepted = message.headers["sec-websocket-accept"] === acceptKey(key);
      resolve({ ...answer(message), accepted });
    });
    request.on("response", (message) => {
      message.destroy();
      resolve({ ...answer(message), accepted: false });
    });
    request.end();
  });
}

function openUdp(
  onDatagram: (bytes: Uint8Array, source: Endpoint) => void,
): Promise<UdpProbe> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4");
    socket.once("error", reject);
    socket.on("message", (bytes, { address, port }) => {
      const source = makeEndpoint(address, port);
      if (source !== undefined) onDatagram(bytes, source);
    });
    socket.bind(0, () => {
      socket.off("error", reject);
      // What the system reports later, as an unreachable port, is a loss like any other.
      socket.on("error", () => {});
      resolve({
        localPort: socket.address().port,
        send: (bytes, { host, port }) => socket.send(bytes, port, host, () => {}),
        close: () => void socket.close(),
      });
    });
  });
}

/** The network of this machine. */
export function systemProbes(trust: SystemProbesOptions = {}): Probes {
  return {
    resolve,
    connectTcp,
    inspectTls: (to) => inspectTls({ ...to, ...trust }),
    get: (question) => get(question, trust),
    upgrade: (question) => upgrade(question, trust),
    openUdp,
  };
}
