/** An IPv4 address and a port. */
export interface UdpAddress {
  /** The address, as `192.0.2.7`. */
  readonly hostname: string;
  /** 1 to 65535; 0 in what somebody forged. */
  readonly port: number;
}

/** No datagram is longer, its token included. */
export const MAX_DATAGRAM_BYTES = 65_536;

const NOWHERE: UdpAddress = { hostname: "0.0.0.0", port: 0 };

/** A datagram in a buffer that is used again: what arrived, then what is to be sent. */
export class Datagram {
  /** The buffer, {@linkcode MAX_DATAGRAM_BYTES} long. */
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(MAX_DATAGRAM_BYTES);
  /** The same buffer. */
  readonly view: DataView<ArrayBuffer> = new DataView(this.bytes.buffer);
  /** How much of it is the datagram. */
  lenBytes: number = 0;
  /** Where it came from, or is to go. */
  address: UdpAddress = NOWHERE;
}
