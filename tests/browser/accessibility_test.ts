import assert from "node:assert/strict";
import { accessibilityProblems } from "./accessibility.ts";
import { browserTest, openPage } from "./chromium.ts";

/** A page without fault, to which each case adds one. */
const page = (fault: string) =>
  `<!DOCTYPE html><html lang="en"><title>t</title><body><main><h1>One</h1>
  <button role="tab" aria-selected="true" style="height: 24px">Tab</button>${fault}</main>`;

const CASES: [fault: string, found: RegExp][] = [
  [`<button style="width: 30px; height: 30px"></button>`, /^no name: <button/],
  [`<input style="height: 30px">`, /^no name: <input/],
  [`<table><tr><td>x</table>`, /^no name: <table/],
  [`<button style="height: 12px; padding: 0">x y z</button>`, /^target of/],
  [`<img src="data:,">`, /^no alt/],
  [`<p id="a"></p><p id="a"></p>`, /^twice: #a$/],
  [`<p aria-describedby="gone"></p>`, /^aria-describedby of nothing: gone$/],
  [`<div role="listbox" aria-label="l"><p>x</p></div>`, /^in a listbox: <p>/],
  [`<p role="tab" aria-selected="true">Tab</p>`, /^2 tabs are selected$/],
  [`<h1>Two</h1>`, /^not one h1$/],
  [`<h3>Three</h3>`, /^heading skips: Three$/],
  [`<table><caption>c</caption><tr><th>x</table>`, /^th without scope: x$/],
  [
    `<div role="tabpanel" aria-label="p"><p class="btn-primary">a b c</p>
     <p class="btn-primary">d e f</p></div>`,
    /^2 primary buttons at once$/,
  ],
  [
    `<table style="table-layout: fixed; width: 50px"><caption>c</caption>
     <tr><td style="white-space: nowrap">a text that is too long</table>`,
    /^text runs out of its place/,
  ],
  [`<p style="color: #777">grey</p>`, /^contrast 4\.48: : grey$/],
  [`<p style="background: #000; color: #000a">dark</p>`, /^contrast 1\.00/],
  [`<p style="font-size: 24px; color: #999">large</p>`, /^contrast 2\.85/],
];

browserTest(
  "accessibilityProblems() finds each kind of fault, and none where there is none",
  async (browser) => {
    const { page: tab } = await openPage(browser);
    await tab.setContent(page(`<p style="color: #767676">grey</p>`));
    assert.deepEqual(await accessibilityProblems(tab), []);
    for (const [fault, found] of CASES) {
      await tab.setContent(page(fault));
      const problems = await accessibilityProblems(tab);
      assert.equal(problems.length, 1, `${fault}\n${problems.join("\n")}`);
      assert.match(problems[0]!, found);
    }
  },
);
