import assert from "node:assert/strict";
import type { CDPSession } from "playwright-core";
import { browserTest, openPage } from "./chromium.ts";
import { IdleAgent, nextPoll, withHub } from "./rig.ts";

const MACHINES = 500;

/** What the console is to stay below, in milliseconds of its scripts' time. */
const MAX_SCRIPT_MS = 100;

/** Where a page spent its time, in milliseconds. */
interface Spent {
  readonly script: number;
  readonly layout: number;
}

async function spentOn(session: CDPSession, work: () => Promise<void>): Promise<Spent> {
  const read = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    const seconds = (name: string) => metrics.find((metric) => metric.name === name)!.value;
    return {
      script: seconds("ScriptDuration"),
      layout: seconds("LayoutDuration") + seconds("RecalcStyleDuration"),
    };
  };
  const before = await read();
  await work();
  const after = await read();
  const ms = (name: keyof Spent) => Math.round((after[name] - before[name]) * 1000);
  return { script: ms("script"), layout: ms("layout") };
}

browserTest(`${MACHINES} machines are filtered and scrolled without delay`, async (browser) => {
  await withHub(async ({ fabric, agents, url }) => {
    for (let i = 1; i <= MACHINES; i++) {
      const machineName = `machine-${i}`;
      const services = [{ port: 22, name: "SSH" }, { port: 443, name: "HTTPS" }];
      const tags = [i % 2 === 0 ? "even" : "odd", `rack-${i % 20}`];
      agents.push(
        await IdleAgent.register(fabric, { machineName, hostname: `h${i}`, services, tags }),
      );
    }
    const { page, complaints } = await openPage(browser);
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    const spent: Record<string, Spent> = {};
    spent.first = await spentOn(session, async () => {
      await page.goto(url);
      await page.waitForSelector(`tbody:has-text("machine-${MACHINES}")`);
    });
    assert.equal(await page.locator("#machines-card tbody").count(), MACHINES);
    const filter = (text: string) =>
      spentOn(session, async () => {
        await page.fill("#machines-query", text);
        await page.evaluate("new Promise(requestAnimationFrame)");
      });
    spent.filter = await filter("rack-7");
    assert.equal(await page.textContent("#machines-shown"), `25 of ${MACHINES} machines`);
    spent.unfilter = await filter("");
    spent.scroll = await spentOn(session, async () => {
      for (let y = 0; y <= 20_000; y += 1000) {
        await page.evaluate(`scrollTo(0, ${y}); new Promise(requestAnimationFrame)`);
      }
    });
    spent.poll = await spentOn(session, async () => {
      await Promise.all(agents.splice(0, 100).map((agent) => agent.close()));
      await page.locator(`tbody:has-text("machine-100")`).getByText("Offline").waitFor();
      await nextPoll(page);
    });
    // deno-lint-ignore no-console -- figures are for whoever runs this
    console.table(spent);
    for (const [what, { script }] of Object.entries(spent).slice(1)) {
      assert.ok(script < MAX_SCRIPT_MS, `${what} took ${script} ms of scripts`);
    }
    assert.deepEqual(complaints.lines, []);
  });
});
