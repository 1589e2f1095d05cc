import { ConfigError } from "../core/config/mod.ts";
import { credentialKey } from "../core/credentials/mod.ts";
import { type KnownAgents, type ProvenAgent, verifyHello } from "../core/identity/mod.ts";
import type { Log } from "../core/log/mod.ts";
import type { PeerStatus } from "../core/tunnel/mod.ts";
import { SessionError, type SessionGrant, type SessionKeys } from "./session.ts";

/** Options of {@linkcode AgentCheck}. */
export interface AgentCheckOptions {
  /** `ws:` or `wss:` URL of the hub. */
  hubUrl: string;
  /** Name of the machine. */
  machine: string;
  /** What this user knows; undefined where nothing can be kept. */
  known: KnownAgents | undefined;
  /** Fingerprint that the agent must show, whatever was known. */
  acceptIdentity: string | undefined;
  /** Whether an agent that is not known yet, or shows no identity, is refused. */
  requireVerified: boolean;
  /** Told of first contacts and of changes. */
  log: Log;
}

/**
 * Decides whether the agent behind a grant is the one that this user knows, as `ssh` does for hosts:
 * an unknown one is taken and remembered, a known one must stay the same.
 *
 * Spec: design.md decision 5
 */
export class AgentCheck {
  readonly #options: AgentCheckOptions;
  readonly #hub: string;
  #warned = false;

  /** Checks nothing yet. */
  constructor(options: AgentCheckOptions) {
    this.#options = options;
    this.#hub = credentialKey(options.hubUrl);
  }

  /**
   * Who the agent is; until this has resolved nothing may pass through its tunnel.
   *
   * @throws {SessionError} `bad-identity`, `identity-changed` or `unverified`
   * @throws {ConfigError} if the known agents cannot be read
   */
  async check(grant: SessionGrant, keys: SessionKeys): Promise<PeerStatus> {
    const { machine, acceptIdentity, known } = this.#options;
    const proven = this.#prove(grant, keys);
    if (acceptIdentity !== undefined) {
      if (proven?.fingerprint !== acceptIdentity) throw this.#unexpected(proven, acceptIdentity);
      await this.#keep(() => known?.set({ hub: this.#hub, machine }, acceptIdentity));
      return { kind: "ours", fingerprint: acceptIdentity, verified: "pinned" };
    }
    const pin = await known?.find({ hub: this.#hub, machine });
    if (pin !== undefined && proven?.fingerprint !== pin.fingerprint) {
      throw this.#changed(proven, pin);
    }
    if (proven === undefined) return this.#unproven(grant);
    const { fingerprint } = proven;
    if (pin !== undefined) return { kind: "ours", fingerprint, verified: "pinned" };
    return await this.#firstUse(proven);
  }

  #prove({ hello, peerPublicKey }: SessionGrant, keys: SessionKeys): ProvenAgent | undefined {
    if (hello?.identity === undefined) return undefined;
    const { machine } = this.#options;
    const session = { machine, agentKey: peerPublicKey, clientKey: keys.publicKey };
    const proven = verifyHello(hello, session);
    if (proven !== undefined) return proven;
    throw new SessionError(
      "bad-identity",
      `Agent of "${machine}" did not sign this session: the hub may have put another key in its place`,
    );
  }

  async #firstUse({ fingerprint }: ProvenAgent): Promise<PeerStatus> {
    const { machine, known, requireVerified, log } = this.#options;
    if (requireVerified) {
      throw new SessionError(
        "unverified",
        `Agent of "${machine}" is not known yet: it shows ${fingerprint}. Compare that with what ` +
          "telad -fingerprint prints there, then use -accept-identity",
      );
    }
    let kept: string | undefined = fingerprint;
    const isKept = await this.#keep(async () => {
      kept = await known?.add({ hub: this.#hub, machine }, fingerprint);
    });
    if (kept !== undefined && kept !== fingerprint) {
      // Another client has met the machine meanwhile, and not the same agent.
      const pin = await known?.find({ hub: this.#hub, machine });
      throw this.#changed({ fingerprint }, pin ?? { fingerprint: kept, line: 0 });
    }
    const span = isKept ? " from now on" : "";
    log(`First contact with machine "${machine}": its agent is ${fingerprint}${span}`);
    return { kind: "ours", fingerprint, verified: "first-use" };
  }

  /** An agent that shows no identity, and of which none was known. */
  #unproven({ hello }: SessionGrant): PeerStatus {
    const { machine, requireVerified, log } = this.#options;
    if (requireVerified) {
      throw new SessionError(
        "unverified",
        `Agent of "${machine}" shows no identity: it cannot be verified, as -require-verified asks`,
      );
    }
    if (!this.#warned) {
      log(`Agent of "${machine}" shows no identity: the hub is trusted not to pose as it`);
    }
    this.#warned = true;
    return { kind: hello === undefined ? "reference" : "ours", verified: "unverified" };
  }

  /** A store that cannot be written must not keep anyone from working; the log says what it costs. */
  async #keep(write: () => Promise<void> | undefined): Promise<boolean> {
    try {
      await write();
      return true;
    } catch (error) {
      if (!(error instanceof ConfigError) || error.code !== "unwritable") throw error;
      this.#options.log(`${error.message}; the identity of the agent is not remembered`);
      return false;
    }
  }

  #unexpected(proven: ProvenAgent | undefined, wanted: string): SessionError {
    const shown = proven?.fingerprint ?? "no identity";
    const { machine } = this.#options;
    return new SessionError(
      "identity-changed",
      `Agent of "${machine}" shows ${shown}, not ${wanted} as -accept-identity asks`,
    );
  }

  #changed(
    proven: { fingerprint: string } | undefined,
    pin: { fingerprint: string; line: number },
  ): SessionError {
    const { machine, log, known } = this.#options;
    const shown = proven?.fingerprint;
    const place = `line ${pin.line} of ${known?.path}`;
    log(`WARNING: the identity of machine "${machine}" has changed`);
    log(`Known: ${pin.fingerprint} (${place}); shown now: ${shown ?? "none"}`);
    log("Either its agent was installed anew, or someone poses as it, who could read everything");
    const accept = shown === undefined ? "" : `use -accept-identity ${shown}, or `;
    log(
      "Ask who runs the machine; telad -fingerprint prints its identity there. If the change is " +
        `right, ${accept}remove ${place}`,
    );
    return new SessionError(
      "identity-changed",
      `Identity of machine "${machine}" has changed: not connected, see the warning above`,
    );
  }
}
