/** A segment as a script writes it; numbers are relative to the initial ones of their sender. */
export interface SegmentSpec {
  /** Port of the peer and port of this end, where the line names them. */
  ports?: readonly [peer: number, local: number];
  /** Letters out of `SFRPAU`. */
  flags: string;
  /** Sequence number. */
  seq: number;
  /** Payload bytes. */
  lengthBytes: number;
  /** Acknowledgement number, with flag `A` only. */
  ack?: number;
  /** Window field as on the wire, not scaled. */
  window?: number;
  /** Maximum segment size; `undefined` for no such option or, expected, for any. */
  mss?: number;
  /** Window scale. */
  windowScale?: number;
  /** SACK permitted. */
  sackPermitted?: true;
  /** SACK blocks. */
  sack: readonly (readonly [left: number, right: number])[];
  /** Timestamp value and echo; `undefined` stands for any. */
  timestamps?: readonly [value: number | undefined, echo: number | undefined];
  /** Options that an expected segment must not have. */
  absent: readonly AbsentOption[];
  /** Urgent pointer. */
  urgent?: number;
  /** Option bytes put into the header as they are. */
  rawOptions?: Uint8Array<ArrayBuffer>;
  /** The checksum is wrong. */
  badChecksum?: true;
  /** Data offset field in 32-bit words, in place of the true one. */
  headerWords?: number;
  /** Bytes of the segment that arrive, in place of all of it. */
  cutBytes?: number;
  /** The payload is not that of the stream. */
  foreign?: true;
}

/** Options whose absence a script can demand, as it writes them behind `no-`. */
export type AbsentOption = "mss" | "ws" | "sackok" | "ts";

/** What the application does, with its number. */
export type CallName =
  | "open"
  | "listen"
  | "connect"
  | "accept"
  | "close-listener"
  | "write"
  | "write-with-syn"
  | "read"
  | "close"
  | "close-write"
  | "abort"
  | "set-mtu"
  | "path-changed"
  | "nagle"
  | "keep-alive";

/** Where a line stands and when it happens. */
export interface ScriptTime {
  /** Line of the script, from 1. */
  readonly line: number;
  /** Virtual time in ms; the earliest for what is expected. */
  readonly fromMs: number;
  /** The latest; the same as the earliest for everything but expected segments. */
  readonly untilMs: number;
}

/** One line of a script. */
export type ScriptEvent =
  & ScriptTime
  & (
    /** The peer sends; `held` if it comes in one batch with the next segment. */
    | { readonly kind: "inject"; readonly segment: SegmentSpec; readonly held: boolean }
    /** The stack has sent this, and next. */
    | { readonly kind: "expect"; readonly segment: SegmentSpec }
    /** Nothing has been sent that was not expected. */
    | { readonly kind: "silence" }
    | { readonly kind: "call"; readonly name: CallName; readonly amount: number | undefined }
    | { readonly kind: "state"; readonly state: string; readonly failure: string | undefined }
    /** So many bytes can be read, or the stream has ended. */
    | { readonly kind: "readable"; readonly amount: number }
    | { readonly kind: "eof" }
    /** So many written bytes are not acknowledged. */
    | { readonly kind: "unacked"; readonly amount: number }
    /** The last call that waits was refused with this code. */
    | { readonly kind: "fails"; readonly code: string }
  );

/** A parsed script. */
export interface Script {
  /** What it shows, with the clause that demands it. */
  readonly title: string;
  /** Whether it runs against a whole stack instead of one connection. */
  readonly onStack: boolean;
  /** Values of `option` lines by name. */
  readonly options: ReadonlyMap<string, string>;
  /** What happens, in order. */
  readonly events: readonly ScriptEvent[];
}

/** A script that cannot be understood, or that does not hold; the message begins with its line. */
export class ScriptError extends Error {
  /** Always `ScriptError`. */
  override name = "ScriptError";
  /** Line of the script, from 1. */
  readonly line: number;

  /** `message` says what is wrong with that line. */
  constructor(line: number, message: string) {
    super(`Line ${line}: ${message}`);
    this.line = line;
  }
}
