/** Ctrl-C, and what service managers send; Windows knows no SIGTERM. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/**
 * Calls back on the first signal to end, and ends the process with exit code 1 on a second. Gives a
 * function that leaves signals to the system again.
 *
 * Spec: client.md 2.6
 */
export function onInterrupt(callback: () => void): () => void {
  let interrupted = false;
  const listener = () => {
    if (interrupted) Deno.exit(1);
    interrupted = true;
    callback();
  };
  for (const signal of SIGNALS) Deno.addSignalListener(signal, listener);
  return () => {
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, listener);
  };
}
