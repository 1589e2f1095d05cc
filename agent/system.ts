import { onInterrupt } from "../core/cli/mod.ts";
import { systemClock, systemRandom } from "../core/clock/mod.ts";
import { systemHost } from "../core/config/mod.ts";
import { dialHub } from "../core/path/mod.ts";
import { dialTcp } from "../core/stream/mod.ts";
import { generatePrivateKey, publicKey } from "../core/wireguard/mod.ts";
import type { ProgramSurroundings } from "./run.ts";
import type { KeyPair, Surroundings } from "./surroundings.ts";

function newKeys(): KeyPair {
  const privateKey = generatePrivateKey(systemRandom);
  return { privateKey, publicKey: publicKey(privateKey) };
}

function onCrash(report: (error: unknown) => void): Disposable {
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    report(event.error);
  };
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    report(event.reason);
  };
  globalThis.addEventListener("error", onError);
  globalThis.addEventListener("unhandledrejection", onRejection);
  return {
    [Symbol.dispose]() {
      globalThis.removeEventListener("error", onError);
      globalThis.removeEventListener("unhandledrejection", onRejection);
    },
  };
}

/** This process and its machine. The tunnel is left to the caller. */
export function systemProcess(openTunnel: Surroundings["openTunnel"]): ProgramSurroundings {
  return {
    host: systemHost,
    pid: Deno.pid,
    hostname: () => Deno.hostname(),
    fetch,
    open: (log, verbose) => ({
      clock: systemClock,
      random: systemRandom,
      log,
      verbose,
      dialHub: (options) => dialHub({ ...options, clock: systemClock, random: systemRandom }),
      dialTarget: dialTcp,
      newKeys,
      openTunnel,
    }),
    onStop: onInterrupt,
    onCrash,
  };
}
