import type { Log } from "../core/log.js";
import { refusal } from "./handler.js";

const SHOWN_MAX = 3;
const LETTERS_MAX = 100;
/** A client can make up any number of names. */
const LOGGED_MAX = 32;

/** Refuses requests for hosts that a server does not answer to: the answer names both, and the log has each host once. */
export function hostRefusals(served: () => Iterable<string>, log: Log): (host: string | undefined) => Response {
  const logged = new Set<string>();
  return (host) => {
    const names = [...served()];
    const asked = host === undefined ? "(none)" : shown(host);
    const message = `host ${asked} is not served here; this server answers to ${listed(names)} (see --url)`;
    if (!logged.has(asked) && logged.size < LOGGED_MAX) {
      logged.add(asked);
      const more = logged.size === LOGGED_MAX ? "; further names are not logged" : "";
      const hint = `emporium serve --url https://${asked} if people use that name, or let the proxy send Host: ${names[0]}`;
      log.warn(`${message}${more}`, { hint });
    }
    return refusal(421, message);
  };
}

/** A host is text of the client: no markup and no control character of it is repeated. */
function shown(host: string): string {
  const text = host.replace(/[^\w.:[\]-]/g, "?");
  return text.length > LETTERS_MAX ? `${text.slice(0, LETTERS_MAX)}…` : text;
}

function listed(names: readonly string[]): string {
  const more = names.length - SHOWN_MAX;
  return `${names.slice(0, SHOWN_MAX).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
