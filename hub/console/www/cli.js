/** What the CLI reference lists. */

import { shellWord } from "./format.js";

/**
 * @typedef {object} CliSection
 * @property {string} title
 * @property {string} description
 * @property {readonly (readonly [what: string, command: string])[]} commands
 */

/** The commands that people use most with a hub; `{ws}` and `{http}` stand for its addresses. */
const SECTIONS = /** @type {const} */ ([
  {
    title: "Connect",
    description: "On the computer that you work at.",
    commands: [
      ["Keep a token for this hub", "tela login {ws}"],
      ["Exchange a pairing code for a token", "tela pair -hub {ws} -code CODE"],
      ["List the machines", "tela machines -hub {ws}"],
      ["List the services of a machine", "tela services -hub {ws} -machine NAME"],
      ["Forward local ports to a machine", "tela connect -hub {ws} -machine NAME"],
      ["Forward some of its services", "tela connect -hub {ws} -machine NAME -services SSH,HTTP"],
    ],
  },
  {
    title: "Register a machine",
    description: "Beside the services that are to be reached.",
    commands: [
      ["Exchange a pairing code for a token", "telad pair -hub {ws} -code CODE"],
      ["Register with services", "telad -hub {ws} -machine NAME -ports 22:SSH"],
      ["Register as a file says", "telad -config telad.yaml"],
    ],
  },
  {
    title: "Identities and permissions",
    description: "With TELA_OWNER_TOKEN set to the token of an owner or admin.",
    commands: [
      ["List identities", "tela admin tokens list -hub {ws}"],
      ["Create an identity", "tela admin tokens add ID -hub {ws}"],
      ["Let it connect to a machine", "tela admin access grant ID NAME connect -hub {ws}"],
      ["Make a pairing code", "tela admin pair-code NAME -hub {ws}"],
      ["List open pairing codes", "tela admin pair-codes -hub {ws}"],
      ["Replace a token", "tela admin rotate ID -hub {ws}"],
      ["Revoke a token", "tela admin tokens revoke ID -hub {ws}"],
    ],
  },
  {
    title: "Operate",
    description: "Agents and the hub, from afar.",
    commands: [
      ["List agents", "tela admin agent list -hub {ws}"],
      ["Read the log of an agent", "tela admin agent logs -machine NAME -hub {ws}"],
      ["Restart an agent", "tela admin agent restart -machine NAME -hub {ws}"],
      ["Read the log of the hub", "tela admin hub logs -hub {ws}"],
      ["Check the chain of the audit", "tela admin audit verify -hub {ws}"],
      ["Ask whether the hub is well", "telahubd health -url {http}"],
    ],
  },
]);

/**
 * The reference for one hub.
 *
 * @param {{ ws: string, http: string }} hub its addresses
 * @returns {CliSection[]}
 */
export function cliSections({ ws, http }) {
  /** @param {string} command */
  const fill = (command) =>
    command.replaceAll("{ws}", shellWord(ws)).replaceAll("{http}", shellWord(http));
  return SECTIONS.map(({ title, description, commands }) => ({
    title,
    description,
    commands: commands.map(([what, command]) => /** @type {const} */ ([what, fill(command)])),
  }));
}
