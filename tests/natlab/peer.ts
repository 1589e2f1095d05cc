import type { PeerCandidates, PeerEndpoint } from "../../core/control/mod.ts";

/** Secret of the one tunnel in the lab. */
export const SECRET = 0x7e1a7e1a;

/** What goes from one peer to the other through the hub. */
export interface Mailbox {
  /** A control message. */
  control(message: PeerCandidates | PeerEndpoint): void;
  /** A relay frame, with a data packet or an answer in it. */
  frame(bytes: Uint8Array): void;
}

/** One end of a tunnel in the lab. */
export interface LabPeer extends Mailbox {
  /** Whether its packets leave directly. */
  readonly isDirect: boolean;
  /** Ids of the data packets that arrived, with how. */
  readonly received: ReadonlyMap<number, "direct" | "relay">;
  /** Says where its messages go; nothing is sent before. */
  connect(to: Mailbox): void;
  /** Sends a data packet by its path; tells which. */
  sendData(id: number): "direct" | "relay";
}
