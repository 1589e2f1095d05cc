import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import type { Fabric } from "../rig/mod.ts";
import { accessibilityProblems } from "./accessibility.ts";
import { browserTest, openPage } from "./chromium.ts";
import { IdleAgent, withHub } from "./rig.ts";
import { act, signIn } from "./steps.ts";

/** Set to keep what the views look like; a run without it leaves the tree as it is. */
const KEEPS_PICTURES = Deno.env.get("TELA_SCREENSHOTS") !== undefined;

const SSH = { port: 22, name: "SSH" };
const WEB = { port: 443, name: "HTTPS" };
const FIELDS = { os: "linux", agentVersion: "v0.17.0" };

/** Machines such as a small team has. */
const MACHINES = [
  {
    machineName: "barn",
    displayName: "Barn",
    hostname: "barn01",
    services: [SSH, WEB, { port: 5432, name: "PostgreSQL" }],
    tags: ["office", "prod"],
  },
  { machineName: "build-1", hostname: "ci-build-1", services: [SSH], tags: ["ci"] },
  { machineName: "build-2", hostname: "ci-build-2", services: [SSH], tags: ["ci"] },
  { machineName: "reception", os: "windows", services: [{ port: 3389, name: "RDP" }] },
  {
    machineName: "store",
    hostname: "nas",
    services: [WEB, { port: 445, name: "SMB" }],
    tags: ["prod"],
  },
];

async function furnish(fabric: Fabric, agents: IdleAgent[]): Promise<void> {
  for (const machine of MACHINES) {
    agents.push(await IdleAgent.register(fabric, { ...FIELDS, ...machine }));
  }
  await agents.splice(3, 1)[0]!.close();
  const ask = (request: string, body?: object) => fabric.ask(request, body);
  await ask("POST /api/admin/tokens", { id: "alice", expiresAt: "2099-01-01T00:00:00Z" });
  await ask("PUT /api/admin/access/alice/machines/barn", {
    permissions: ["connect"],
    services: ["SSH", "PostgreSQL"],
  });
  await ask("PUT /api/admin/access/alice/machines/build-1", { permissions: ["connect", "manage"] });
  await ask("POST /api/admin/tokens", { id: "bob", role: "admin" });
  const soon = new Date(Date.now() + 3 * 86_400_000).toISOString();
  await ask("POST /api/admin/tokens", { id: "contractor", expiresAt: soon });
  await ask("PUT /api/admin/access/contractor/machines/store", { permissions: ["connect"] });
  await ask("POST /api/admin/tokens", { id: "old-laptop" });
  await ask("POST /api/admin/tokens/old-laptop/revoke");
}

/** The page in each state that has a look of its own. */
const STATES: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  "machines": async (page) => {
    await page.click("#tab-machines");
    await page.getByRole("button", { name: "Connect to Barn" }).click();
    await page.waitForSelector(".machine-detail");
  },
  "activity": async (page) => {
    await page.click("#tab-activity");
    await page.waitForSelector("#activity-rows tr");
  },
  "access": async (page) => {
    await page.click("#tab-access");
    await page.getByRole("option", { name: "alice" }).click();
    await page.waitForSelector("#grants tr");
  },
  "access-confirm": async (page) => {
    await page.click("#identity-revoke");
    await page.waitForSelector("#confirm[open]");
  },
  "access-grant": async (page) => {
    await page.keyboard.press("Escape");
    await page.click("#grant-new");
    await page.waitForSelector("#grant-form[open]");
  },
  "access-new": async (page) => {
    await page.keyboard.press("Escape");
    await page.click("#identity-new");
    await page.waitForSelector("#identity-form[open]");
  },
  "pairing": async (page) => {
    await page.keyboard.press("Escape");
    await page.click("#tab-pairing");
    await page.fill("#pairing-machines", "barn, store");
    await act(page, "Make code", () => page.waitForSelector("#pairing-result:not([hidden])"));
    await page.waitForSelector("#open-codes tr");
  },
  "audit": async (page) => {
    await page.click("#tab-audit");
    await page.waitForSelector("#audit-rows tr");
    await act(page, "Verify chain", () => page.waitForSelector("#audit-note:not([hidden])"));
  },
  "cli": async (page) => {
    await page.click("#tab-cli");
  },
};

/** Goes through all states; gives what is hard to read or to operate there. */
async function visit(
  page: Page,
  { token, suffix }: { token: string; suffix: string },
): Promise<string[]> {
  const problems: string[] = [];
  const look = async (name: string) => {
    const found = await accessibilityProblems(page);
    problems.push(...found.map((problem) => `${name}-${suffix}: ${problem}`));
    if (!KEEPS_PICTURES) return;
    const path = fileURLToPath(new URL(`screenshots/${name}-${suffix}.png`, import.meta.url));
    await page.screenshot({ path, animations: "disabled" });
  };
  await page.click("#tab-access");
  await look("signed-out");
  await page.click("#sign-in-open");
  await look("sign-in");
  await page.keyboard.press("Escape");
  await signIn(page, token);
  for (const [name, enter] of Object.entries(STATES)) {
    await enter(page);
    await look(name);
  }
  return problems;
}

const LOOKS = [
  { suffix: "light", colorScheme: "light", width: 1280 },
  { suffix: "dark", colorScheme: "dark", width: 1280 },
  { suffix: "narrow", colorScheme: "light", width: 400 },
] as const;

browserTest("every view can be read and operated, light, dark and narrow", async (browser) => {
  await withHub(async ({ fabric, agents, url }) => {
    const empty = await openPage(browser);
    await empty.page.goto(url);
    await empty.page.waitForSelector("#machines-empty:not([hidden])");
    const problems = await accessibilityProblems(empty.page);
    await empty.page.context().close();

    await furnish(fabric, agents);
    for (const { suffix, ...options } of LOOKS) {
      const { page, complaints } = await openPage(browser, options);
      await page.goto(url);
      await page.waitForSelector("#machines-card:not([hidden])");
      problems.push(...await visit(page, { token: fabric.token, suffix }), ...complaints.lines);
      const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      assert.equal(overflow, 0, `${suffix}: the page is wider than its window`);
      await page.context().close();
    }
    assert.deepEqual(problems, []);
  });
});
