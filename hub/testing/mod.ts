/**
 * Twins in memory of what the hub talks to, and a client that writes frames by hand, for tests.
 *
 * @module
 */

export { FakeConnection } from "./fake_connection.ts";
export { RawClient, type RawFrame, UPGRADE_HEADERS } from "./raw_client.ts";
export { type RigOptions, SwitchboardRig } from "./switchboard_rig.ts";
export { inTemporaryFolder } from "./temporary_folder.ts";
