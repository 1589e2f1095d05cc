/** Why the hub cannot listen. */
export type ListenErrorCode = "in-use" | "not-permitted" | "failed";

const REMEDY = "set port in the configuration, -port or TELAHUBD_PORT";

function codeOf(cause: unknown): ListenErrorCode {
  const { code } = cause as { code?: unknown };
  if (code === "EADDRINUSE" || cause instanceof Deno.errors.AddrInUse) return "in-use";
  const isDenied = cause instanceof Deno.errors.PermissionDenied ||
    cause instanceof Deno.errors.NotCapable;
  return code === "EACCES" || isDenied ? "not-permitted" : "failed";
}

function problemOf(
  code: ListenErrorCode,
  { port, cause }: { port: number; cause: unknown },
): string {
  if (code === "in-use") return `the port is in use; stop the other program or ${REMEDY}`;
  if (code === "not-permitted") {
    return port > 0 && port < 1024
      ? `a port below 1024 needs a privilege of the system; grant it or ${REMEDY}`
      : `not permitted by the system or by --allow-net; permit it or ${REMEDY}`;
  }
  return cause instanceof Error ? cause.message : String(cause);
}

/** The hub cannot listen on its port. */
export class ListenError extends Error {
  /** The name of the class. */
  override readonly name = "ListenError";
  /** Why. */
  readonly code: ListenErrorCode;
  /** The port. */
  readonly port: number;

  /** Finds out why from the error underneath. */
  constructor(port: number, cause: unknown) {
    const code = codeOf(cause);
    super(`Cannot listen on port ${port}: ${problemOf(code, { port, cause })}`, { cause });
    this.code = code;
    this.port = port;
  }
}
