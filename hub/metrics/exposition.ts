/** One value of a family. */
export interface Sample {
  /** What tells it from the others of the family; from closed lists alone. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The value. */
  readonly value: number;
  /** Added to the name of the family: `_bucket`, `_sum`, `_count` of a histogram. */
  readonly suffix?: "_bucket" | "_sum" | "_count";
}

/** A metric with all its values. */
export interface MetricFamily {
  /** Name, with its base unit: `tela_hub_relayed_bytes_total`. */
  readonly name: string;
  /** What it is, in one sentence. */
  readonly help: string;
  /** How it behaves. */
  readonly type: "counter" | "gauge" | "histogram";
  /** The values; a family without any is left out. */
  readonly samples: readonly Sample[];
}

/** Media type of {@linkcode formatMetrics}. */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}

function formatValue(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}

function formatSample(name: string, { labels = {}, value, suffix }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => {
    if (!LABEL_NAME.test(label)) throw new TypeError(`Not a label name of a metric: ${label}`);
    return `${label}="${escapeLabel(text)}"`;
  });
  const braces = pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
  return `${name}${suffix ?? ""}${braces} ${formatValue(value)}\n`;
}

/**
 * Families as Prometheus' text format, version 0.0.4.
 *
 * @throws TypeError if a name is not one of a metric or label
 */
export function formatMetrics(families: Iterable<MetricFamily>): string {
  let text = "";
  for (const { name, help, type, samples } of families) {
    if (!NAME.test(name)) throw new TypeError(`Not a name of a metric: ${name}`);
    if (samples.length === 0) continue;
    text += `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`;
    for (const sample of samples) text += formatSample(name, sample);
  }
  return text;
}
