/**
 * Certificates for the tests of this folder, made on the spot: X.509 as far as TLS needs it.
 *
 * Spec: RFC 5280 §4.1, ITU-T X.690
 *
 * @module
 */

import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

const encoder = new TextEncoder();

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A DER element of fewer than 65,536 bytes. */
function der(tag: number, ...parts: Uint8Array[]): Uint8Array {
  const body = concat(parts);
  const { length } = body;
  if (length < 128) return concat([Uint8Array.of(tag, length), body]);
  if (length < 256) return concat([Uint8Array.of(tag, 0x81, length), body]);
  return concat([Uint8Array.of(tag, 0x82, length >> 8, length & 0xff), body]);
}

const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts);
const octets = (body: Uint8Array) => der(0x04, body);
const oid = (hex: string) => der(0x06, Uint8Array.fromHex(hex));
const bits = (body: Uint8Array) => der(0x03, Uint8Array.of(0), body);

const COMMON_NAME = "550403";
const ECDSA_SHA256 = sequence(oid("2a8648ce3d040302"));
const SUBJECT_ALT_NAME = "551d11";
const BASIC_CONSTRAINTS = "551d13";

function name(commonName: string): Uint8Array {
  return sequence(
    der(0x31, sequence(oid(COMMON_NAME), der(0x0c, encoder.encode(commonName)))),
  );
}

/** `GeneralizedTime`, whole seconds. */
function time(wallMs: number): Uint8Array {
  const text = new Date(wallMs).toISOString().replace(/[-:T]|\.\d+/g, "");
  return der(0x18, encoder.encode(text));
}

/** A certificate and its key. */
export interface Made {
  readonly commonName: string;
  readonly certificate: string;
  readonly key: string;
  readonly privateKey: KeyObject;
}

/** What to put into a certificate. */
export interface CertificateOptions {
  /** Name of its subject. */
  commonName: string;
  /** Host names it holds for; with none it is an authority. */
  hosts?: string[];
  /** Who signs it. Default: itself. */
  issuer?: Made;
  /** Its validity, milliseconds since 1970. */
  fromMs: number;
  toMs: number;
}

function extensions(hosts: readonly string[] | undefined): Uint8Array {
  const constraints = hosts === undefined ? [der(0x01, Uint8Array.of(0xff))] : [];
  const all = [sequence(oid(BASIC_CONSTRAINTS), octets(sequence(...constraints)))];
  if (hosts !== undefined) {
    const names = hosts.map((host) => der(0x82, encoder.encode(host)));
    all.push(sequence(oid(SUBJECT_ALT_NAME), octets(sequence(...names))));
  }
  return der(0xa3, sequence(...all));
}

function pem(label: string, bytes: Uint8Array): string {
  return `-----BEGIN ${label}-----\n${bytes.toBase64()}\n-----END ${label}-----\n`;
}

/** Makes a certificate with a new P-256 key. */
export function makeCertificate(
  { commonName, hosts, issuer, fromMs, toMs }: CertificateOptions,
): Made {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const tbs = sequence(
    der(0xa0, der(0x02, Uint8Array.of(2))),
    der(0x02, Uint8Array.of(1)),
    ECDSA_SHA256,
    name(issuer?.commonName ?? commonName),
    sequence(time(fromMs), time(toMs)),
    name(commonName),
    Uint8Array.from(publicKey.export({ type: "spki", format: "der" })),
    extensions(hosts),
  );
  const signature = Uint8Array.from(sign("sha256", tbs, issuer?.privateKey ?? privateKey));
  const certificate = sequence(tbs, ECDSA_SHA256, bits(signature));
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return { commonName, certificate: pem("CERTIFICATE", certificate), key, privateKey };
}
