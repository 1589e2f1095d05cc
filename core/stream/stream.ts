/** A connected byte stream, both directions. */
export interface ByteStream {
  /**
   * The next bytes, at least one; null once the peer has finished or this side has closed. Lends the
   * bytes until the next call; they may be changed in place. Rejects if the stream broke.
   */
  read(): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Writes all of `bytes`, borrowed until this settles, one call at a time; rejects if the stream broke. */
  write(bytes: Uint8Array): Promise<void>;
  /** Finishes sending behind what was written; the peer may still be read. */
  closeWrite(): Promise<void>;
  /** Closes both directions; pending calls settle. Harmless when closed already. */
  close(): void;
  /** Like `close`, but tells the peer by a reset where the transport can. */
  abort(): void;
  /** Address of the peer for logs, as `192.0.2.1:443`. */
  readonly remoteAddress: string;
}
