const IPV4_HEADER_BYTES = 20;
const ECHO_REPLY = 0;
const ECHO_REQUEST = 8;

function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes[i]! << 8 | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** An IPv4 packet with an ICMP echo request. */
export function echoRequest(
  o: { from: string; to: string; sequence: number; payload: Uint8Array },
): Uint8Array {
  const packet = new Uint8Array(IPV4_HEADER_BYTES + 8 + o.payload.length);
  const view = new DataView(packet.buffer);
  packet.set([0x45, 0]);
  view.setUint16(2, packet.length);
  packet.set([64, 1], 8);
  packet.set(o.from.split(".").map(Number), 12);
  packet.set(o.to.split(".").map(Number), 16);
  view.setUint16(10, checksum(packet.subarray(0, IPV4_HEADER_BYTES)));
  const icmp = packet.subarray(IPV4_HEADER_BYTES);
  icmp[0] = ECHO_REQUEST;
  view.setUint16(IPV4_HEADER_BYTES + 6, o.sequence);
  icmp.set(o.payload, 8);
  view.setUint16(IPV4_HEADER_BYTES + 2, checksum(icmp));
  return packet;
}

/** The packet cut to its IP length: sequence and payload if it is an echo reply. */
export function parseEchoReply(
  padded: Uint8Array,
): { sequence: number; payload: Uint8Array } | undefined {
  const packet = padded.subarray(0, padded[2]! << 8 | padded[3]!);
  const icmp = packet.subarray(IPV4_HEADER_BYTES);
  if (packet[9] !== 1 || icmp[0] !== ECHO_REPLY) return undefined;
  return { sequence: icmp[6]! << 8 | icmp[7]!, payload: icmp.slice(8) };
}

/** The reply to an echo request, or `undefined` for any other packet. */
export function echoReply(padded: Uint8Array): Uint8Array | undefined {
  const packet = padded.slice(0, padded[2]! << 8 | padded[3]!);
  const icmp = packet.subarray(IPV4_HEADER_BYTES);
  if (packet[9] !== 1 || icmp[0] !== ECHO_REQUEST) return undefined;
  packet.copyWithin(12, 16, 20);
  packet.set(padded.subarray(12, 16), 16);
  icmp[0] = ECHO_REPLY;
  icmp[2] = icmp[3] = 0;
  new DataView(packet.buffer).setUint16(IPV4_HEADER_BYTES + 2, checksum(icmp));
  return packet;
}
