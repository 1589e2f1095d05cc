import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { fetchLocal, MACHINE, Target, until } from "../rig/mod.ts";
import { accessibilityProblems } from "./accessibility.ts";
import { browserTest, openPage } from "./chromium.ts";
import { IdleAgent, nextPoll, withHub } from "./rig.ts";
import { act, signIn } from "./steps.ts";

/** Hangs up at once: what the agent forwards to does not matter here. */
const deaf = (connection: Deno.Conn) => Promise.resolve(connection.close());

/** What the audit shows, newest first, as `Identity created: "carol" created as user`. */
async function auditLines(page: Page): Promise<string[]> {
  return await page.$$eval(
    "#audit-rows tr",
    (rows) => rows.map((row) => `${row.cells[1].textContent}: ${row.cells[5].textContent}`),
  );
}

/** The token in the dialog that shows one, which is closed. */
async function takeSecret(page: Page): Promise<string> {
  await page.waitForSelector("#secret[open]");
  const token = await page.textContent("#secret-token code");
  await act(page, "Done", () => page.waitForSelector("#secret:not([open])", { state: "attached" }));
  // A dialog says that it closed some time after it did.
  const isGone = async () => await page.textContent("#secret-token") === "";
  await until(isGone, { what: "the token to be gone from the page" });
  return token!;
}

/** Whether the hub takes a token. */
async function isAccepted(url: string, token: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetchLocal(`${url}api/status`, { headers });
  await response.body?.cancel();
  return response.ok;
}

browserTest(
  "an owner signs in, creates, grants, pairs and revokes, and reads it in the audit",
  async (browser) => {
    await withHub(async ({ fabric, url }) => {
      const { page, complaints } = await openPage(browser);
      await page.goto(url);
      await page.waitForSelector("#machines-empty:not([hidden])");
      assert.equal(await page.isVisible("#identity-new"), false, "nobody has signed in");

      await using target = new Target(deaf);
      await fabric.startAgent([target.port]);
      const row = page.locator("tbody", { hasText: MACHINE });
      await row.getByText("Online").waitFor();

      await signIn(page, fabric.token);
      assert.equal(await page.textContent("#who"), "owner (owner)");
      await page.click("#tab-access");
      await page.click("#identity-new");
      await page.fill("#identity-form-id", "carol");
      await page.keyboard.press("Enter");
      const token = await takeSecret(page);
      assert.match(token, /^[0-9a-f]{64}$/);
      assert.ok(await isAccepted(url, token));

      await page.click("#grant-new");
      await page.fill("#grant-form-machine", MACHINE);
      await page.fill("#grant-form-services", "SSH");
      await act(page, "Grant", () => page.waitForSelector("#grants tr"));
      assert.deepEqual(
        await page.$$eval(
          "#grants td",
          (cells) => cells.slice(0, 3).map((cell) => cell.textContent),
        ),
        [MACHINE, "connect", "SSH"],
      );

      await page.click("#tab-pairing");
      await page.fill("#pairing-machines", MACHINE);
      await act(page, "Make code", () => page.waitForSelector("#pairing-result:not([hidden])"));
      await page.waitForSelector("#open-codes tr");
      const code = await page.textContent("#pairing-code");
      const paired = await fetchLocal(`${url}api/pair`, {
        method: "POST",
        body: JSON.stringify({ code }),
      });
      const { token: pairedToken } = await paired.json();
      assert.ok(await isAccepted(url, pairedToken));
      // Else the row of this code would be taken for the next one's.
      await page.waitForSelector("#open-codes-card", { state: "hidden" });

      await act(page, "Make code", () => page.waitForSelector("#open-codes tr"));
      await page.click("#open-codes button");
      await page.click("#confirm [data-commit]");
      await page.waitForSelector("#open-codes-card", { state: "hidden" });

      await page.click("#tab-access");
      await page.getByRole("option", { name: "carol" }).click();
      await act(page, "Revoke token", () => page.waitForSelector("#confirm[open]"));
      await act(
        page,
        "Revoke",
        () => page.locator("#identity-state", { hasText: "Revoked" }).waitFor(),
      );
      assert.equal(await isAccepted(url, token), false);

      await page.click("#tab-audit");
      await page.getByText("Token revoked").waitFor();
      const lines = await auditLines(page);
      for (
        const line of [
          'Token revoked: "carol" revoked',
          `Pairing code made: connect code for ["${MACHINE}"] as user`,
          `Permission granted: "carol" may connect on "${MACHINE}" (services ["SSH"])`,
          'Identity created: "carol" created as user',
          "Signed in: ",
        ]
      ) {
        assert.ok(lines.includes(line), `${line} is not in\n${lines.join("\n")}`);
      }
      await act(page, "Verify chain", () => page.getByText("are as they were written").waitFor());
      assert.deepEqual(complaints.lines, []);
    });
  },
);

browserTest(
  "the page follows the hub, and keeps focus, text, selection and scroll position",
  async (browser) => {
    await withHub(async ({ fabric, agents, url }) => {
      for (let i = 10; i < 60; i++) {
        agents.push(await IdleAgent.register(fabric, { machineName: `m${i}`, hostname: "host" }));
      }
      const { page, complaints } = await openPage(browser);
      await page.goto(url);
      await page.getByText("m59", { exact: true }).waitFor();
      const query = page.locator("#machines-query");
      await query.fill("m host");
      await query.evaluate((field: { setSelectionRange(from: number, to: number): void }) =>
        field.setSelectionRange(1, 3)
      );
      await page.evaluate("scrollTo(0, 300)");
      const state = () =>
        page.evaluate(`[document.activeElement.id, document.activeElement.value,
        document.activeElement.selectionStart, document.activeElement.selectionEnd, scrollY]`);
      const before = await state();
      await page.evaluate("kept = [...document.querySelectorAll('#machines-card tbody')]");
      await agents.pop()!.close();
      await page.locator("tbody", { hasText: "m59" }).getByText("Offline").waitFor();
      await nextPoll(page);
      assert.deepEqual(await state(), before);
      assert.deepEqual(before, ["machines-query", "m host", 1, 3, 300]);
      const isKept =
        "[...document.querySelectorAll('#machines-card tbody')].every((row, i) => row === kept[i])";
      assert.equal(await page.evaluate(isKept), true, "no row was made anew");
      assert.deepEqual(complaints.lines, []);
    });
  },
);

browserTest(
  "what a machine calls itself is text, and no script of a stranger runs",
  async (browser) => {
    await withHub(async ({ fabric, agents, url }) => {
      const evil =
        `<img src=x onerror="document.title='broken'"><script>document.title='in'</script>`;
      const services = [{ port: 1, name: evil }];
      const machine = {
        machineName: "evil",
        displayName: evil,
        hostname: evil,
        tags: [evil],
        services,
      };
      agents.push(await IdleAgent.register(fabric, machine));
      const { page, complaints } = await openPage(browser);
      await page.goto(url);
      await page.waitForSelector(".machine-name");
      assert.equal(await page.textContent(".machine-name"), evil);
      assert.equal(await page.locator("#machines-card img, #machines-card script").count(), 0);
      await page.click("#tab-activity");
      await page.waitForSelector("#activity-rows tr");
      assert.equal(await page.title(), "Tela Hub");
      assert.deepEqual(complaints.lines, []);

      // The other half: an element that did get in would be refused, and the refusal is seen above.
      await page.evaluate(`document.body.innerHTML += '<img src=x onerror="document.title=1">'`);
      await until(() => complaints.lines.length > 0, { what: "the refusal of an inline handler" });
      assert.match(complaints.lines.join("\n"), /Content Security Policy/);
    });
  },
);

browserTest(
  "a token stays in the memory of its tab; a refused one says so, and reloading signs out",
  async (browser) => {
    await withHub(async ({ fabric, url }) => {
      const { page, complaints } = await openPage(browser);
      const addresses: string[] = [];
      page.on("request", (request) => addresses.push(request.url()));
      await page.goto(url);
      await page.click("#sign-in-open");
      await page.fill("#sign-in-token", "f".repeat(64));
      await page.keyboard.press("Enter");
      await page.waitForSelector("#sign-in-error:not([hidden])");
      assert.match((await page.textContent("#sign-in-error"))!, /no owner or admin/);
      // Chromium itself writes down every answer that is a refusal.
      assert.deepEqual(complaints.lines.filter((line) => !line.includes("403")), []);
      await page.keyboard.press("Escape");
      // A dialog says that it closed some time after it did.
      const isEmpty = async () => await page.inputValue("#sign-in-token") === "";
      await until(isEmpty, { what: "the field to be emptied" });

      await signIn(page, fabric.token);
      await page.click("#tab-access");
      await page.waitForSelector("#identities [role=option]");
      const stored = await page.evaluate(
        "JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}, location.href, document.body.outerHTML])",
      );
      assert.doesNotMatch(`${stored}`, new RegExp(fabric.token));
      assert.doesNotMatch(addresses.join("\n"), new RegExp(fabric.token));
      const cookies = await page.context().cookies();
      assert.deepEqual(
        cookies.map((
          { name, httpOnly, sameSite, value },
        ) => [name, httpOnly, sameSite, value !== fabric.token]),
        [["tela_viewer", true, "Lax", true]],
      );

      await page.reload();
      await page.waitForSelector("#sign-in-open:not([hidden])");
      assert.equal(await page.isVisible("#identities"), false);
    });
  },
);

browserTest(
  "without the console's viewer the page shows nothing, and with a new one again everything",
  async (browser) => {
    await withHub(async ({ fabric, agents, url }) => {
      agents.push(await IdleAgent.register(fabric, { machineName: "barn" }));
      const { page } = await openPage(browser);
      await page.goto(url);
      await page.waitForSelector(".machine-name");
      const headers = { authorization: `Bearer ${fabric.token}` };
      const ask = async (path: string) => {
        const response = await fetchLocal(`${url}api/admin/${path}`, { method: "POST", headers });
        assert.ok(response.ok);
        await response.body?.cancel();
      };
      await ask("rotate/console-viewer");
      await nextPoll(page);
      assert.equal(await page.textContent(".machine-name"), "barn", "the new token was fetched");

      await ask("tokens/console-viewer/revoke");
      await page.getByText("Sign in to see the machines").waitFor();
      assert.equal(await page.locator(".machine-name").count(), 0);
      assert.deepEqual(await page.context().cookies(), []);
      assert.deepEqual(await accessibilityProblems(page), []);

      await ask("rotate/console-viewer");
      await page.getByText("barn", { exact: true }).waitFor();

      await ask("tokens/console-viewer/revoke");
      await page.getByText("Sign in to see the machines").waitFor();
      await signIn(page, fabric.token);
      await page.waitForSelector(".machine-name");
    });
  },
);

browserTest(
  "everything can be reached and seen to be reached by keyboard alone",
  async (browser) => {
    await withHub(async ({ fabric, agents, url }) => {
      agents.push(await IdleAgent.register(fabric, { machineName: "barn" }));
      const { page, complaints } = await openPage(browser);
      await page.goto(url);
      await page.waitForSelector(".machine-name");
      const press = async (...keys: string[]) => {
        for (const key of keys) await page.keyboard.press(key);
      };
      const active = () =>
        page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()");
      const stops: unknown[] = [];
      for (let i = 0; i < 8; i++) {
        await press("Tab");
        const isSeen =
          `(({ outlineStyle, boxShadow }) => outlineStyle !== "none" || boxShadow !== "none")(
        getComputedStyle(document.activeElement))`;
        stops.push(await active());
        assert.ok(await page.evaluate(isSeen), `${stops.at(-1)} shows that it has focus`);
      }
      assert.deepEqual(stops, [
        ...["Skip to content", "brand", "sign-in-open", "theme-open", "tab-machines"],
        ...["machines-query", "machines-state", "Connect"],
      ]);
      await press("Enter");
      await page.waitForSelector(".machine-detail");

      await page.focus("#tab-machines");
      await press("ArrowLeft");
      assert.equal(await active(), "tab-cli");
      await press("Home", "ArrowRight");
      assert.equal(await active(), "tab-activity");
      assert.equal(new URL(page.url()).hash, "#activity");

      await page.focus("#theme-open");
      await press("Enter");
      assert.equal(await active(), "System");
      await press("ArrowUp", "Enter");
      assert.equal(await active(), "theme-open");
      assert.equal(await page.getAttribute("html", "data-theme"), "dark");
      await page.reload();
      assert.equal(await page.getAttribute("html", "data-theme"), "dark", "the choice is kept");

      await page.focus("#sign-in-open");
      await press("Enter");
      assert.equal(await active(), "sign-in-token");
      await page.keyboard.type(fabric.token);
      await press("Enter");
      await page.waitForSelector("#sign-out:not([hidden])");
      await page.focus("#tab-access");
      await press("Enter");
      await page.waitForSelector("#identities [role=option]");
      await press("Tab", "Tab", "ArrowDown");
      assert.match(`${await active()}`, /^owner/);
      await page.waitForSelector("#identity:not([hidden])");
      await page.focus("#identity-revoke");
      await press("Enter");
      await page.waitForSelector("#confirm[open]");
      await press("Escape");
      assert.equal(await active(), "identity-revoke", "focus comes back");
      assert.deepEqual(complaints.lines, []);
    });
  },
);
