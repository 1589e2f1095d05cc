/**
 * `tela explain`: why a hub or a machine cannot be reached, in one verdict and the next step.
 *
 * @module
 */

export type { SessionAttempt } from "./check_session.ts";
export { explainCommand, type ExplainDeps } from "./explain_command.ts";
export type {
  HttpAnswer,
  HttpQuestion,
  ProbeAddress,
  Probes,
  TlsFacts,
  UdpProbe,
  UpgradeProbe,
} from "./probes.ts";
export { systemProbes, type SystemProbesOptions } from "./system_probes.ts";
export type { NamedServer, OfferedRelay, Target } from "./target.ts";
