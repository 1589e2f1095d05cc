import assert from "node:assert/strict";
import { join } from "node:path";
import { type Clock, ManualClock, systemClock } from "../../core/clock/mod.ts";
import { ConfigError } from "../../core/config/mod.ts";
import { inTemporaryFolder } from "../testing/mod.ts";
import { versionOnDisk } from "./disk_version.ts";
import { InEffect, untilInEffect } from "./in_effect.ts";
import { ConfigWatch } from "./watch.ts";

/** A clock that tells when a timer is set: a look is over then. */
class TellingClock extends ManualClock {
  #set = Promise.withResolvers<void>();

  override setTimer(...args: Parameters<Clock["setTimer"]>): ReturnType<Clock["setTimer"]> {
    this.#set.resolve();
    return super.setTimer(...args);
  }

  /** Lets time go by until one look is over. */
  async look(): Promise<void> {
    this.#set = Promise.withResolvers();
    this.advance(200);
    await this.#set.promise;
  }
}

Deno.test("ConfigWatch tells of each version once, and of what cannot be used in the log", () =>
  inTemporaryFolder(async (dir) => {
    const path = join(dir, "hub.yaml");
    await Deno.writeTextFile(path, "1");
    const clock = new TellingClock();
    const lines: string[] = [];
    const log = Object.assign((line: string) => void lines.push(line), { for: () => log });
    let told = 0;
    const faults: Error[] = [];
    const onChange = () => {
      told++;
      return faults.length === 0 ? Promise.resolve() : Promise.reject(faults[0]);
    };
    const seen = (await versionOnDisk(path))?.text;
    const watch = new ConfigWatch({ path, onChange, clock, log }, { seen });
    await clock.look();
    assert.equal(told, 0);
    await Deno.writeTextFile(path, "22");
    await clock.look();
    await clock.look();
    assert.equal(told, 1);
    faults.push(new ConfigError("Cannot parse it"));
    await Deno.writeTextFile(path, "333");
    await clock.look();
    await clock.look();
    assert.equal(told, 2);
    await Deno.remove(path);
    await clock.look();
    await clock.look();
    assert.deepEqual(lines, [
      `NOT TAKEN OVER: Cannot parse it; going on with what ${path} said before`,
      `warning: ${path} is gone; going on with what it said`,
    ]);
    await watch.stop();
    await Deno.writeTextFile(path, "4444");
    clock.advance(1000);
    assert.equal(told, 2);
  }));

Deno.test("untilInEffect() waits for a hub that runs, and for none that does not", {
  ignore: Deno.build.os === "windows",
}, () =>
  inTemporaryFolder(async (dir) => {
    const path = join(dir, "hub.yaml");
    await Deno.writeTextFile(path, "1");
    const clock = systemClock;
    assert.equal(await untilInEffect(path, { clock }), "no hub");
    {
      using hub = (await InEffect.hold(path))!;
      assert.equal(await InEffect.hold(path), undefined, "one hub at a time");
      await hub.tell("another version, with a long name");
      const waiting = untilInEffect(path, { clock });
      await hub.tell((await versionOnDisk(path))!.text);
      assert.equal(await waiting, "in effect");
      await hub.tell("old");
      const late = new ManualClock();
      const waitingLong = untilInEffect(path, {
        clock: {
          nowMs: () => late.nowMs(),
          wallMs: () => late.wallMs(),
          setTimer(callback, delayMs) {
            late.advance(delayMs);
            queueMicrotask(callback);
            return { cancel: () => {} };
          },
        },
      });
      assert.equal(await waitingLong, "late");
    }
    assert.equal(await untilInEffect(path, { clock }), "no hub");
  }));
