/**
 * Twins in memory of what the hub talks to, for tests.
 *
 * @module
 */

export { FakeConnection } from "./fake_connection.ts";
export { type RigOptions, SwitchboardRig } from "./switchboard_rig.ts";
