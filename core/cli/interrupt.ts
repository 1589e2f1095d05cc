/** Ctrl-C, and what service managers send; Windows knows no SIGTERM. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/**
 * Calls back on the first signal to end, and ends the process with exit code 1 on a second. Disposing
 * of the result leaves signals to the system again.
 *
 * Spec: client.md 2.6, hub-api.md 5.3
 */
export function onInterrupt(callback: (signal: Deno.Signal) => void): Disposable {
  let interrupted = false;
  const listeners = SIGNALS.map((signal) => {
    const listener = () => {
      if (interrupted) Deno.exit(1);
      interrupted = true;
      callback(signal);
    };
    Deno.addSignalListener(signal, listener);
    return [signal, listener] as const;
  });
  return {
    [Symbol.dispose]() {
      for (const [signal, listener] of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}
