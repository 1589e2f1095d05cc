import type { Endpoint } from "../../core/endpoint/mod.ts";

/** Where to connect to. */
export interface ProbeAddress {
  /** IP address. */
  readonly host: string;
  /** TCP port. */
  readonly port: number;
}

/** What a server's certificate says, whether it is trusted or not. */
export interface TlsFacts {
  /** Whom it is for, as `CN=hub.example.com`. */
  readonly subject: string;
  /** Who issued it. */
  readonly issuer: string;
  /** Names it holds for, as the certificate writes them. */
  readonly names: string;
  /** First moment of its validity, milliseconds since 1970. */
  readonly validFromMs: number;
  /** Last moment of its validity. */
  readonly validToMs: number;
  /** `sha256:` and the hash of its public key. Spec: client.md 4.5 */
  readonly pin: string;
  /** Whether it holds for the host asked for. */
  readonly matchesHost: boolean;
  /** Whether an authority that this computer trusts vouches for it. */
  readonly trusted: boolean;
  /** Why not, as the platform names it; "" if it is trusted. */
  readonly reason: string;
}

/** The answer to a request. */
export interface HttpAnswer {
  /** HTTP status. */
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** As much of the body as is read. */
  readonly body: string;
}

/** A request. */
export interface HttpQuestion {
  /** Address, `http:` or `https:`. */
  readonly url: string;
  /** IP address to connect to. */
  readonly remote: string;
  /** Token to show, "" for none. */
  readonly token: string;
  /** Gives it up. */
  readonly signal: AbortSignal;
}

/** The answer to a WebSocket upgrade: `accepted` if it is now one. */
export interface UpgradeProbe extends Omit<HttpAnswer, "body"> {
  /** Whether the server has proved that it understood the request. */
  readonly accepted: boolean;
}

/** A UDP socket. */
export interface UdpProbe {
  /** Its port. */
  readonly localPort: number;
  /** Sends a datagram; a failure to send is a loss. */
  send(bytes: Uint8Array, to: Endpoint): void;
  /** Closes it. */
  close(): void;
}

/** What the checks do to the network. None goes through a proxy, as no tunnel does. */
export interface Probes {
  /** IP addresses of a name. Rejects with the system's `code`. */
  resolve(host: string): Promise<string[]>;
  /** Connects and closes; gives our own address. Rejects with the system's `code`. */
  connectTcp(to: ProbeAddress, signal: AbortSignal): Promise<{ localAddress: string }>;
  /** Shakes hands by TLS whatever the certificate, which is shown. Rejects if that fails. */
  inspectTls(
    to: ProbeAddress & { readonly hostname: string; readonly signal: AbortSignal },
  ): Promise<TlsFacts>;
  /** Asks; follows no redirect. Rejects where there is no answer. */
  get(question: HttpQuestion): Promise<HttpAnswer>;
  /** Asks for a WebSocket, as a tunnel does, and drops it. Rejects where there is no answer. */
  upgrade(question: Omit<HttpQuestion, "token">): Promise<UpgradeProbe>;
  /** Opens an IPv4 socket on any port. */
  openUdp(onDatagram: (bytes: Uint8Array, source: Endpoint) => void): Promise<UdpProbe>;
}
