/** The flags of every command that asks a hub. Spec: client.md 1.0 */
export const HUB_FLAGS = {
  hub: {
    type: "string",
    placeholder: "url",
    summary: "Address or name of the hub.",
    env: "TELA_HUB",
    required: true,
  },
  token: {
    type: "string",
    placeholder: "hex",
    summary: "Token for the hub. Others on this computer can see a flag: prefer the variable.",
    env: "TELA_TOKEN",
  },
} as const;
