import assert from "node:assert/strict";
import type { CDPSession, Page } from "playwright-core";
import { browserTest, openPage } from "./chromium.ts";
import { IdleAgent, nextPoll, withHub } from "./rig.ts";

const MACHINES = 500;

/** Machines that a filter leaves, and machines that go away. */
const SHOWN = 25;
const LEAVING = 100;

/** What something cost: milliseconds, which tell of this computer alone, and machines that it touched. */
interface Spent {
  readonly script: number;
  readonly layout: number;
  readonly touched: number;
}

/**
 * Notes from now on which machines of the list are shown or hidden, look otherwise or get new elements.
 * That of all of them the text moves on, which says when they were seen, is cheap.
 */
async function watchList(page: Page): Promise<void> {
  await page.evaluate(`touched = new Set();
    new MutationObserver((all) => {
      for (const { type, target, addedNodes } of all) {
        const isText = type === "childList" && [...addedNodes].every((node) => node.nodeType === 3);
        const row = !isText && target.closest("tbody");
        if (row) touched.add(row);
      }
    }).observe(
      document.querySelector("#machines-card"),
      { subtree: true, childList: true, attributeFilter: ["hidden", "class"] },
    )`);
}

async function spentOn(
  { page, session }: { page: Page; session: CDPSession },
  work: () => Promise<void>,
): Promise<Spent> {
  const read = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    const seconds = (name: string) => metrics.find((metric) => metric.name === name)!.value;
    return {
      script: seconds("ScriptDuration"),
      layout: seconds("LayoutDuration") + seconds("RecalcStyleDuration"),
    };
  };
  const before = await read();
  await page.evaluate("globalThis.touched?.clear()");
  await work();
  const touched = Number(await page.evaluate("globalThis.touched?.size ?? 0"));
  const after = await read();
  const ms = (name: "script" | "layout") => Math.round((after[name] - before[name]) * 1000);
  return { script: ms("script"), layout: ms("layout"), touched };
}

browserTest(
  `of ${MACHINES} machines only those are touched that change or are filtered`,
  async (browser) => {
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
      const tab = { page, session };
      const spent: Record<string, Spent> = {};
      spent.first = await spentOn(tab, async () => {
        await page.goto(url);
        await page.waitForSelector(`tbody:has-text("machine-${MACHINES}")`);
      });
      assert.equal(await page.locator("#machines-card tbody").count(), MACHINES);
      await watchList(page);
      const filter = (text: string) =>
        spentOn(tab, async () => {
          await page.fill("#machines-query", text);
          await page.evaluate("new Promise(requestAnimationFrame)");
        });
      spent.filter = await filter("rack-7");
      assert.equal(await page.textContent("#machines-shown"), `${SHOWN} of ${MACHINES} machines`);
      spent.unfilter = await filter("");
      spent.scroll = await spentOn(tab, async () => {
        for (let y = 0; y <= 20_000; y += 1000) {
          await page.evaluate(`scrollTo(0, ${y}); new Promise(requestAnimationFrame)`);
        }
      });
      spent.poll = await spentOn(tab, async () => {
        await Promise.all(agents.splice(0, LEAVING).map((agent) => agent.close()));
        await page.locator(`tbody:has-text("machine-100")`).getByText("Offline").waitFor();
        await nextPoll(page);
      });
      // deno-lint-ignore no-console -- figures are for whoever runs this
      console.table(spent);
      const touched = Object.values(spent).slice(1).map((each) => each.touched);
      assert.deepEqual(touched, [MACHINES - SHOWN, MACHINES - SHOWN, 0, LEAVING]);
      assert.deepEqual(complaints.lines, []);
    });
  },
);
