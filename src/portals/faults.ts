import { EmporiumError } from "../core/errors.js";
import { redact } from "../core/redact.js";

/** The error for a reply that this portal is not known to give. */
export function replyFault(url: string, fault: string, cause?: unknown): EmporiumError {
  const shown = redact(url);
  return new EmporiumError("PORTAL_REPLY", `${shown}: ${fault}`, {
    place: { url: shown },
    hint: "open the address in a browser: the portal may be under maintenance, or have changed",
    cause,
  });
}

/** The error for a portal that answers that there is no such thing, or answers nothing. */
export function notFound(url: string, fault: string): EmporiumError {
  const shown = redact(url);
  return new EmporiumError("NOT_FOUND", `${shown}: ${fault}`, {
    place: { url: shown },
    hint: "check the number, and whether the entry is public already",
  });
}
