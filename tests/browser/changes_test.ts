import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { browserTest, openPage } from "./chromium.ts";
import { IdleAgent, withHub } from "./rig.ts";
import { act, signIn } from "./steps.ts";

/** Opens the view of identities at one of them. */
async function choose(page: Page, id: string): Promise<void> {
  await page.click("#tab-access");
  await page.getByRole("option", { name: id }).click();
  await page.waitForSelector("#identity:not([hidden])");
}

// By name: while one dialog gives way to the next, both are open for a moment.
type Dialog = "identity-form" | "grant-form" | "confirm" | "secret";

/** Presses the button that commits an open dialog, and waits until none is open. */
async function commit(page: Page, dialog: Dialog): Promise<void> {
  await page.click(`#${dialog}[open] [data-commit]`);
  await page.waitForSelector("dialog[open]", { state: "detached" });
}

/** What an open dialog says against it. */
async function problem(page: Page, dialog: Dialog): Promise<string> {
  await page.click(`#${dialog}[open] [data-commit]`);
  const place = await page.waitForSelector(`#${dialog}[open] [data-error]:not([hidden])`);
  return (await place.textContent())!;
}

browserTest("identities and permissions are edited, rotated and removed", async (browser) => {
  await withHub(async ({ fabric, url }) => {
    await fabric.ask("POST /api/admin/tokens", { id: "alice" });
    const { page, complaints } = await openPage(browser);
    await page.goto(url);
    await signIn(page, fabric.token);
    await choose(page, "alice");

    await page.click("#identity-edit");
    await page.fill("#identity-form-id", "alicia");
    await page.selectOption("#identity-form-role", "admin");
    await commit(page, "identity-form");
    await page.locator("#identity-id", { hasText: "alicia" }).waitFor();
    assert.equal(await page.textContent("#identity-role"), "Admin");
    assert.equal(await page.isVisible("#grant-new"), false, "an admin may do everything");
    await page.click("#identity-edit");
    await page.selectOption("#identity-form-role", "user");
    await commit(page, "identity-form");

    await page.click("#grant-new");
    await page.uncheck("#grant-form [value=connect]");
    await page.fill("#grant-form-machine", "barn");
    assert.match(await problem(page, "grant-form"), /at least one/);
    await page.check("#grant-form [value=manage]");
    await commit(page, "grant-form");
    await page.getByRole("button", { name: "Edit permissions on barn" }).click();
    assert.equal(await page.isDisabled("#grant-form-machine"), true);
    await page.check("#grant-form [value=connect]");
    await commit(page, "grant-form");
    await page.locator("#grants", { hasText: "connect, manage" }).waitFor();
    await page.getByRole("button", { name: "Remove permissions on barn" }).click();
    await commit(page, "confirm");
    await page.locator("#grants-note", { hasText: "No permissions" }).waitFor();

    const before = await page.textContent("#identity-preview");
    await page.click("#identity-rotate");
    await act(page, "Rotate", () => page.waitForSelector("#secret[open]"));
    const token = await page.textContent("#secret-token code");
    await commit(page, "secret");
    await page.locator("#identity-preview", { hasText: token!.slice(0, 8) }).waitFor();
    assert.notEqual(await page.textContent("#identity-preview"), before);

    await page.click("#identity-remove");
    await act(page, "Remove", () => page.waitForSelector("#identity-none:not([hidden])"));
    assert.equal(await page.getByRole("option", { name: "alicia" }).count(), 0);
    assert.deepEqual(complaints.lines, []);
  });
});

browserTest(
  "what the hub refuses is said in the dialog, and nobody's change is overwritten",
  async (browser) => {
    await withHub(async ({ fabric, url }) => {
      await fabric.ask("POST /api/admin/tokens", { id: "alice" });
      const { page } = await openPage(browser);
      await page.goto(url);
      await signIn(page, fabric.token);
      await choose(page, "owner");
      await page.click("#identity-revoke");
      assert.match(await problem(page, "confirm"), /last remaining owner/);
      await page.keyboard.press("Escape");

      await page.click("#identity-new");
      await page.fill("#identity-form-id", "alice");
      assert.match(await problem(page, "identity-form"), /already exists/);
      await page.keyboard.press("Escape");

      await choose(page, "alice");
      await page.click("#identity-edit");
      await page.selectOption("#identity-form-role", "admin");
      await fabric.ask("PUT /api/admin/access/alice/machines/barn", {
        permissions: ["connect"],
      });
      assert.match(await problem(page, "identity-form"), /Somebody else has just changed alice/);
      await page.keyboard.press("Escape");
      await page.locator("#grants", { hasText: "barn" }).waitFor();
      assert.equal(await page.textContent("#identity-role"), "User");
    });
  },
);

browserTest(
  "the audit goes back page by page, and is exported as it is filtered",
  async (browser) => {
    await withHub(async ({ fabric, url }) => {
      for (let i = 0; i < 120; i++) {
        await fabric.ask("POST /api/admin/tokens", { id: `user-${i}` });
      }
      const { page, complaints } = await openPage(browser);
      await page.goto(`${url}#audit`);
      await signIn(page, fabric.token);
      await page.selectOption("#audit-kind", "changes");
      await page.getByText('"user-119" created').waitFor();
      assert.equal(await page.locator("#audit-rows tr").count(), 100);
      await act(page, "Older records", () => page.getByText('"user-0" created').waitFor());
      assert.equal(await page.locator("#audit-rows tr").count(), 120);
      await fabric.ask("POST /api/admin/tokens", { id: "latest" });
      await page.getByText('"latest" created').waitFor();
      assert.equal(await page.locator("#audit-rows tr").count(), 121);

      const started = page.waitForEvent("download");
      await page.getByRole("button", { name: "Export" }).click();
      const lines = (await Deno.readTextFile(await (await started).path())).trim().split("\n");
      assert.equal(lines.length, 121);
      assert.ok(lines.every((line) => JSON.parse(line).event === "identity-create"));

      await page.fill("[name=identity]", "nobody");
      await page.keyboard.press("Enter");
      await page.waitForSelector("#audit-empty:not([hidden])");
      assert.deepEqual(complaints.lines, []);
    });
  },
);

browserTest(
  "while the hub is gone the page says so, and goes on by itself when it is back",
  async (browser) => {
    await withHub(async ({ fabric, agents, url }) => {
      const barn = await IdleAgent.register(fabric, { machineName: "barn" });
      const { page } = await openPage(browser);
      await page.goto(url);
      await page.waitForSelector(".machine-name");
      await fabric.hub.stop();
      await barn.ended;
      await page.locator("#live", { hasText: "Trying again" }).waitFor();
      assert.equal(await page.textContent(".machine-name"), "barn", "what was known stays");
      await fabric.startHub();
      agents.push(await IdleAgent.register(fabric, { machineName: "attic" }));
      await page.locator("#live.status-online").waitFor();
      await page.getByText("attic", { exact: true }).waitFor();
    });
  },
);

browserTest(
  "whoever is revoked while they look is signed out at once, and sees nothing more",
  async (browser) => {
    await withHub(async ({ fabric, url }) => {
      const { token } = await fabric.ask("POST /api/admin/tokens", {
        id: "bob",
        role: "admin",
      });
      const { page } = await openPage(browser);
      await page.goto(`${url}#access`);
      await signIn(page, token);
      await page.getByRole("option", { name: "bob" }).waitFor();
      await fabric.ask("POST /api/admin/tokens/bob/revoke");
      await page.locator(".toast", { hasText: "no longer" }).waitFor();
      assert.equal(await page.isVisible("#identities"), false);
      assert.equal(await page.locator("#identities [role=option]").count(), 0);
      await page.getByRole("button", { name: "Dismiss" }).click();
      assert.equal(await page.locator(".toast").count(), 0);
    });
  },
);
