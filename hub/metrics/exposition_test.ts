import assert from "node:assert/strict";
import { formatMetrics } from "./exposition.ts";
import { Histogram } from "./histogram.ts";

Deno.test("formatMetrics() writes HELP, TYPE and values, and escapes what it must", () => {
  const text = formatMetrics([
    {
      name: "a_total",
      help: 'Back\\slash, "quote" and\nline.',
      type: "counter",
      samples: [
        { value: 3 },
        { labels: { path: 'a\\b"c\nd', x: "é" }, value: 1e21 },
      ],
    },
    { name: "empty", help: "None.", type: "gauge", samples: [] },
    {
      name: "odd",
      help: "Odd values.",
      type: "gauge",
      samples: [NaN, Infinity, -Infinity, 0.1].map((value, i) => ({
        labels: { i: String(i) },
        value,
      })),
    },
  ]);
  assert.equal(
    text,
    [
      '# HELP a_total Back\\\\slash, "quote" and\\nline.',
      "# TYPE a_total counter",
      "a_total 3",
      'a_total{path="a\\\\b\\"c\\nd",x="é"} 1e+21',
      "# HELP odd Odd values.",
      "# TYPE odd gauge",
      'odd{i="0"} NaN',
      'odd{i="1"} +Inf',
      'odd{i="2"} -Inf',
      'odd{i="3"} 0.1',
      "",
    ].join("\n"),
  );
});

Deno.test("formatMetrics() refuses names that are none", () => {
  const family = (name: string, label = "x") => ({
    name,
    help: "",
    type: "gauge" as const,
    samples: [{ labels: { [label]: "" }, value: 0 }],
  });
  for (
    const bad of [family("a b"), family("1a"), family(""), family("a", "__x"), family("a", "-")]
  ) {
    assert.throws(() => formatMetrics([bad]), TypeError);
  }
});

Deno.test("Histogram counts each value in its bucket and all above", () => {
  const histogram = new Histogram([0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 7]) histogram.observe(value);
  assert.deepEqual(
    formatMetrics([{ name: "h", help: "H.", type: "histogram", samples: histogram.samples() }]),
    [
      "# HELP h H.",
      "# TYPE h histogram",
      'h_bucket{le="0.1"} 2',
      'h_bucket{le="1"} 3',
      'h_bucket{le="+Inf"} 4',
      "h_sum 7.65",
      "h_count 4",
      "",
    ].join("\n"),
  );
});
