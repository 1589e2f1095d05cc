/**
 * Metrics of the hub, in the text format of Prometheus.
 *
 * @example
 * ```ts
 * import { formatMetrics } from "./mod.ts";
 *
 * console.log(formatMetrics([{
 *   name: "tela_hub_websockets",
 *   help: "WebSockets that are open.",
 *   type: "gauge",
 *   samples: [{ value: 2 }],
 * }]).split("\n")[2]); // tela_hub_websockets 2
 * ```
 *
 * @module
 */

export { EventLoopLag } from "./event_loop_lag.ts";
export {
  formatMetrics,
  type MetricFamily,
  METRICS_CONTENT_TYPE,
  type Sample,
} from "./exposition.ts";
export { Histogram } from "./histogram.ts";
export { type AnsweredRequest, HubMetrics, type MetricSources } from "./hub_metrics.ts";
