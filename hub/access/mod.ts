/**
 * Who may do what on this hub: tokens, roles and per-machine permissions.
 *
 * @example
 * ```ts
 * import { Access } from "./mod.ts";
 *
 * const access = new Access({ tokens: [], machines: new Map() });
 * console.log(access.canConnect(access.authenticate(undefined, Date.now()), "barn")); // true: open
 * ```
 *
 * @module
 */

export { Access, type Caller, type Invalidity } from "./access.ts";
export { type Permission, PERMISSIONS } from "./acl.ts";
export { Authenticator, type AuthenticatorOptions, type Identified } from "./authenticator.ts";
export { consoleToken } from "./console_token.ts";
export { digestToken } from "./digest.ts";
export { EndWatch } from "./end_watch.ts";
export {
  type AccessView,
  accessView,
  accessViews,
  type MachineView,
  timeText,
  type TokenView,
  tokenView,
} from "./entry.ts";
export { type RequestToken, TOKEN_COOKIE, tokenOf } from "./extract.ts";
export { fromSource, type Sourced } from "./from_source.ts";
export {
  addPermissions,
  clearGrant,
  type GrantTarget,
  removePermissions,
  setGrant,
} from "./grants.ts";
export {
  addIdentity,
  changeIdentity,
  removeIdentity,
  revokeIdentity,
  rotateIdentity,
  type Target,
} from "./identities.ts";
export { redeem, type Redemption } from "./redeem.ts";
export {
  type AccessState,
  findIdentity,
  isValid,
  type Outcome,
  type Precondition,
  type Refusal,
  versionOf,
} from "./state.ts";
export {
  AccessStore,
  type AccessStoreOptions,
  type AuthFile,
  MemoryAuthFile,
  type Operation,
  StoreBusyError,
} from "./store.ts";
export type { IdentityChanges } from "./taken_over.ts";
export { type FailureRate, sourceOf, Throttle, type ThrottleOptions } from "./throttle.ts";
