import accessJs from "./www/access.js" with { type: "text" };
import accessActionsJs from "./www/access_actions.js" with { type: "text" };
import accessViewJs from "./www/access_view.js" with { type: "text" };
import activityJs from "./www/activity.js" with { type: "text" };
import activityViewJs from "./www/activity_view.js" with { type: "text" };
import apiJs from "./www/api.js" with { type: "text" };
import auditJs from "./www/audit.js" with { type: "text" };
import auditViewJs from "./www/audit_view.js" with { type: "text" };
import cliJs from "./www/cli.js" with { type: "text" };
import cliViewJs from "./www/cli_view.js" with { type: "text" };
import componentsCss from "./www/components.css" with { type: "text" };
import dialogsJs from "./www/dialogs.js" with { type: "text" };
import domJs from "./www/dom.js" with { type: "text" };
import earlyThemeJs from "./www/early_theme.js" with { type: "text" };
import formatJs from "./www/format.js" with { type: "text" };
import indexHtml from "./www/index.html" with { type: "text" };
import keyedListJs from "./www/keyed_list.js" with { type: "text" };
import layoutCss from "./www/layout.css" with { type: "text" };
import logoSvg from "./www/logo.svg" with { type: "text" };
import machinesJs from "./www/machines.js" with { type: "text" };
import machinesViewJs from "./www/machines_view.js" with { type: "text" };
import mainJs from "./www/main.js" with { type: "text" };
import menuJs from "./www/menu.js" with { type: "text" };
import pairingJs from "./www/pairing.js" with { type: "text" };
import pairingViewJs from "./www/pairing_view.js" with { type: "text" };
import pollerJs from "./www/poller.js" with { type: "text" };
import sessionJs from "./www/session.js" with { type: "text" };
import tabsJs from "./www/tabs.js" with { type: "text" };
import themeJs from "./www/theme.js" with { type: "text" };
import tokensCss from "./www/tokens.css" with { type: "text" };

/**
 * The files of the built-in page by name. They are part of the program's code, so that serving them needs
 * no permission to read and an executable holds them all.
 */
export const PAGE_FILES: Readonly<Record<string, string>> = {
  "access.js": accessJs,
  "access_actions.js": accessActionsJs,
  "access_view.js": accessViewJs,
  "activity.js": activityJs,
  "activity_view.js": activityViewJs,
  "api.js": apiJs,
  "audit.js": auditJs,
  "audit_view.js": auditViewJs,
  "cli.js": cliJs,
  "cli_view.js": cliViewJs,
  "components.css": componentsCss,
  "dialogs.js": dialogsJs,
  "dom.js": domJs,
  "early_theme.js": earlyThemeJs,
  "format.js": formatJs,
  "index.html": indexHtml,
  "keyed_list.js": keyedListJs,
  "layout.css": layoutCss,
  "logo.svg": logoSvg,
  "machines.js": machinesJs,
  "machines_view.js": machinesViewJs,
  "main.js": mainJs,
  "menu.js": menuJs,
  "pairing.js": pairingJs,
  "pairing_view.js": pairingViewJs,
  "poller.js": pollerJs,
  "session.js": sessionJs,
  "tabs.js": tabsJs,
  "theme.js": themeJs,
  "tokens.css": tokensCss,
};
