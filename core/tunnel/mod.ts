/** WireGuard, TCP and a path joined. @module */ export {
  splice,
  type SpliceEnd,
} from "./splice.ts";
