/** Puts the page together: asks the hub for what is on screen and has the views show it. */

import { AccessView } from "./access_view.js";
import { ActivityView } from "./activity_view.js";
import { Api, ApiError } from "./api.js";
import { AuditView } from "./audit_view.js";
import { showCli } from "./cli_view.js";
import { cancelDialogsOnLeave, toast } from "./dialogs.js";
import { announce, byId, setStatus, setText } from "./dom.js";
import { hubAddresses, localTime } from "./format.js";
import { MachinesView } from "./machines_view.js";
import { PairingView } from "./pairing_view.js";
import { Poller } from "./poller.js";
import { Session } from "./session.js";
import { Tabs } from "./tabs.js";
import { startTheme } from "./theme.js";

/**
 * Whether the hub wants another token.
 *
 * @param {unknown} error
 */
function isRefusal(error) {
  return error instanceof ApiError && [401, 403].includes(error.status);
}

/** The page. */
class Page {
  #api = new Api();
  #machines;
  #activity = new ActivityView();
  #access;
  #pairing;
  #audit;
  #session;
  #tabs;
  #poller;
  #isLive = true;
  /** The hub's time, and the page's when it came: what is stale does not depend on the viewer's clock. */
  #clock = { hubMs: Date.now(), ownMs: performance.now() };

  constructor() {
    const hub = hubAddresses(location);
    const onChange = () => this.#poller.refresh();
    this.#machines = new MachinesView({ hub: hub.ws });
    this.#access = new AccessView(this.#api, { onChange });
    this.#pairing = new PairingView(this.#api, { hub: hub.ws, onChange });
    this.#audit = new AuditView(this.#api, { onChange });
    this.#poller = new Poller({
      ask: () => this.#ask(),
      onAnswer: (failure) => this.#showLive(failure),
      now: () => performance.now(),
      setTimer: (fn, ms) => setTimeout(fn, ms),
      clearTimer: (timer) => clearTimeout(timer),
    });
    this.#session = new Session(this.#api, { onChange: () => this.#changeViewer() });
    this.#tabs = new Tabs(() => void this.#poller.refresh());
    byId("brand", HTMLButtonElement).addEventListener("click", () => this.#tabs.go("machines"));
    showCli(hub);
    const pause = () => this.#poller.setPaused(document.hidden);
    document.addEventListener("visibilitychange", pause);
    pause();
  }

  #nowMs() {
    return this.#clock.hubMs + performance.now() - this.#clock.ownMs;
  }

  async #ask() {
    const { viewer } = this.#api;
    try {
      await this.#askForView();
    } catch (error) {
      // Whoever asked has gone; whoever has come is asking already.
      if (viewer !== this.#api.viewer) return;
      if (!isRefusal(error)) throw error;
      await this.#refused();
    }
  }

  async #askForView() {
    // Every view needs the time and the name of the hub, and the names of machines.
    const status = await this.#api.get("api/status");
    const hubMs = Date.parse(status.timestamp);
    if (hubMs !== this.#clock.hubMs) this.#clock = { hubMs, ownMs: performance.now() };
    this.#showHub(status);
    this.#machines.render(status.machines, this.#nowMs());
    const view = this.#tabs.current;
    if (view === "activity") this.#activity.render((await this.#api.get("api/history")).events);
    if (!this.#api.isSignedIn) return;
    if (view === "access") {
      const { access } = await this.#api.get("api/admin/access");
      this.#access.render(access, this.#nowMs());
    }
    if (view === "pairing") {
      this.#pairing.render((await this.#api.get("api/admin/pair-codes")).codes);
    }
    if (view === "audit") await this.#audit.refresh();
  }

  /**
   * The token is not good any more. That of the page's own viewer may have been replaced: the page gets
   * the new one, if there is one; else nothing of before stays.
   */
  async #refused() {
    if (this.#api.isSignedIn) {
      toast("Your token is no longer that of an owner or admin. Sign in with another one");
      return this.#session.expire();
    }
    await this.#api.renewViewer();
    try {
      await this.#askForView();
    } catch (error) {
      this.#machines.clear();
      this.#activity.clear();
      throw error;
    }
  }

  /** Somebody has signed in or out: nothing of before stays. */
  #changeViewer() {
    this.#machines.clear();
    this.#activity.clear();
    this.#access.render([], this.#nowMs());
    this.#audit.clear();
    this.#pairing.clear();
    this.#pairing.render([]);
    void this.#poller.refresh();
  }

  /** @param {{ hubName?: string, hub: { version: string } }} status */
  #showHub({ hubName = "", hub }) {
    setText(byId("hub-name", HTMLElement), hubName);
    setText(byId("hub-version", HTMLElement), hub.version);
    const title = hubName === "" ? "Tela Hub" : `${hubName} - Tela Hub`;
    if (document.title !== title) document.title = title;
  }

  /** @param {{ error: unknown, waitMs: number } | undefined} failure */
  #showLive(failure) {
    const badge = byId("live", HTMLElement);
    const isLive = failure === undefined;
    if (isLive !== this.#isLive) announce(isLive ? "Live" : "What is shown is not up to date");
    this.#isLive = isLive;
    if (failure === undefined) {
      const time = localTime(new Date().toISOString()).slice(11);
      badge.title = "";
      return setStatus(badge, { kind: "online", label: `Live ${time}` });
    }
    const { error, waitMs } = failure;
    if (!(error instanceof ApiError)) throw error;
    const isRefused = isRefusal(error);
    const text = isRefused ? "Sign in to look" : `Trying again in ${Math.ceil(waitMs / 1000)} s`;
    setStatus(badge, { kind: isRefused ? "offline" : "error", label: text });
    badge.title = error.message;
  }
}

startTheme();
cancelDialogsOnLeave();
new Page();
