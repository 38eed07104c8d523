import { EmporiumError } from "../core/errors.js";
import { redact } from "../core/redact.js";
import { counted } from "../core/units.js";

/** The text that a user typed, taken apart once for all adapters. */
export interface Reference {
  /** The text without blanks at both ends. */
  readonly text: string;
  /** Absent for accessions. */
  readonly link?: Link | undefined;
}

interface Link {
  /** The link as typed, with `https:` before it where a bare host was typed. */
  readonly text: string;
  /** Scheme in lower case, without the colon: `https`, `s3`. */
  readonly scheme: string;
  /** Host of an http(s) address on its usual port, lower case, without `www.` and without a last dot; else the empty text. */
  readonly host: string;
  /** Path, percent-decoded; begins with `/`, without a last one: `/empiar/EMPIAR-11759`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Text after the first `#`, exactly as typed. */
  readonly fragment: string;
}

/** Real links carry a viewer's whole state; this is more than any browser takes. */
const LENGTH_MAX = 2 * 1024 * 1024;

/**
 * Reads an address or accession. Nothing is asked of the network.
 *
 * @throws {EmporiumError} UNKNOWN_PORTAL for what is empty, too long, holds control characters, or has http(s) without a host.
 */
export function parseReference(typed: string): Reference {
  const text = typed.trim();
  if (text === "") throw unknown(text, "the text is empty");
  if (text.length > LENGTH_MAX) throw unknown(`${text.slice(0, 60)}…`, `${counted(text.length, "character")} are too many`);
  // A line end in the middle comes of copying from a mail; a browser would leave it out and go somewhere else.
  const withoutFragment = text.split("#", 1)[0]!;
  if (/[\u0000-\u001f\u007f]/.test(withoutFragment)) throw unknown(text.slice(0, 60), "control characters are not allowed");
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined) return { text, link: linkOf(text, scheme) };
  // `www.ebi.ac.uk/empiar/EMPIAR-11759` as people copy it; a relative path has no dotted first segment with a letter suffix.
  if (/^(?:[a-z0-9-]+\.)+[a-z]{2,}\/\S*$/i.test(text)) return { text, link: linkOf(`https://${text}`, "https") };
  return { text };
}

function linkOf(text: string, scheme: string): Link {
  const hash = text.indexOf("#");
  const fragment = hash < 0 ? "" : text.slice(hash + 1);
  const bare = hash < 0 ? text : text.slice(0, hash);
  if (scheme !== "http" && scheme !== "https") {
    return { text, scheme, host: "", path: "", query: new URLSearchParams(), fragment };
  }
  if (!URL.canParse(bare)) throw unknown(text, "the URL is not valid");
  const url = new URL(bare);
  // An adapter trusts its host: what looks like one and goes elsewhere is nobody's.
  const own = url.port === "" && url.username === "" && url.password === "";
  return {
    text,
    scheme,
    host: own ? url.hostname.replace(/\.$/, "").replace(/^www\./, "") : "",
    path: decoded(url.pathname).replace(/\/+$/, ""),
    query: url.searchParams,
    fragment,
  };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

export function unknown(text: string, fault: string): EmporiumError {
  return new EmporiumError("UNKNOWN_PORTAL", `"${redact(text)}" is neither a URL nor a known accession: ${fault}`, {
    hint: "give the page's address, an accession such as EMPIAR-11759, or a direct link (https:, ftp:, s3:, gs:)",
  });
}
