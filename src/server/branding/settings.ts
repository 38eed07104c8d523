import { readFileSync } from "node:fs";
import { z } from "zod";
import { EmporiumError, type Place } from "../../core/errors.js";
import { parseCheckedYaml } from "../../formats/yaml/checked-yaml.js";
import type { PortalFacts } from "../../model/page-api.js";
import { type AboutText, openable, readAbout } from "./about.js";
import { type Accent, accentOf } from "./accent.js";
import { BRAND } from "./addresses.js";
import { PORTAL_FIELDS } from "./fields.js";
import { type Logo, readLogo } from "./logo.js";

/** What `portal.yaml`, or an option in its place, says of a portal. */
export interface PortalSettings {
  /** Facts for pages. Addresses of logos are relative to the page's base. */
  readonly facts: PortalFacts;
  readonly accent: Accent | undefined;
  /** Whether search engines are asked to stay away; undefined: nobody has said. */
  readonly robots: "allow" | "none" | undefined;
  readonly sitemap: boolean;
  /** Files that pages ask for, by their addresses. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** What somebody may not have meant. */
  readonly warnings: readonly string[];
}

const TITLE_MAX = 60;
const SHORT_TITLE_MAX = 24;
const LABEL_MAX = 40;
const LINKS_MAX = 4;
const ABOUT_BYTES = 4096;
const CITE_BYTES = 1024;
const HINT = "see docs/guides/portal.md for the format of portal.yaml";

const lettersOf = (text: string): number => [...text].length;
const Line = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .refine((text) => !/\p{Cc}|[\u2028\u2029]/u.test(text), "expected one line")
    .refine((text) => lettersOf(text) <= most, {
      error: ({ input }) => `expected at most ${most} letters, found ${lettersOf(String(input).trim())}`,
    });
const Text = (most: number) =>
  z.string().refine((text) => Buffer.byteLength(text) <= most, {
    error: ({ input }) => `expected at most ${most} bytes, found ${Buffer.byteLength(String(input))}`,
  });
const Colour = z
  .string()
  .regex(/^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i, 'expected a colour such as "#0b6285", in quotes: # begins a comment');
const Href = z.string().transform((text, { addIssue }) => {
  const href = openable(text.trim());
  if (href !== undefined) return href;
  addIssue({
    code: "custom",
    message: `expected an address that begins with https://, http:// or mailto:, found ${JSON.stringify(text)}`,
  });
  return z.NEVER;
});
const LogoName = z.string().min(1);
const File = z.strictObject({
  title: Line(TITLE_MAX),
  short_title: Line(SHORT_TITLE_MAX).optional(),
  logo: LogoName.optional(),
  logo_dark: LogoName.optional(),
  accent: Colour.optional(),
  about: Text(ABOUT_BYTES).optional(),
  links: z
    .array(z.strictObject({ label: Line(LABEL_MAX), href: Href }))
    .max(LINKS_MAX)
    .default([]),
  hero: z
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .optional(),
  cite: Text(CITE_BYTES).optional(),
  robots: z.enum(["allow", "none"]).optional(),
  sitemap: z.boolean().default(false),
});

/**
 * Reads a file of settings, and the logos that it names.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD with line and column; USAGE for a file that cannot be read
 */
export function readPortalSettings(path: string): PortalSettings {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/,[^,]*$/, "") : String(cause);
    throw new EmporiumError("USAGE", `${path}: no file of portal settings: ${why}`, { cause, hint: HINT });
  }
  return parsePortalSettings(text, path);
}

/** Settings of a portal that has nothing but a title. */
export function titledPortal(title: string): PortalSettings {
  const facts: PortalFacts = { title, shortTitle: title, links: [] };
  return { facts, accent: undefined, robots: undefined, sitemap: false, files: new Map(), warnings: [] };
}

/** @param file path of the settings, beside which logos are @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD, CONFIG_LIMIT */
export function parsePortalSettings(text: string, file: string): PortalSettings {
  const { value, placeOf } = parseCheckedYaml(text, File, {
    file,
    hint: HINT,
    kind: "portal",
    knownKeys: ([first, ...more]) =>
      first === undefined ? PORTAL_FIELDS : first === "links" && more.length === 1 ? ["label", "href"] : [],
  });
  const fail = (field: string, message: string, hint = HINT, place: Place = placeOf([field])) =>
    new EmporiumError("CONFIG_FIELD", `${file}: ${field}: ${message}`, { place, hint });
  const { title, robots, sitemap, hero } = value;
  const shortTitle = value.short_title ?? title;
  if (lettersOf(shortTitle) > SHORT_TITLE_MAX) {
    // the first words of a name may be somebody else's
    throw new EmporiumError(
      "CONFIG_FIELD",
      `${file}: short_title is missing: the title has ${lettersOf(title)} letters, the header room for ${SHORT_TITLE_MAX}`,
      {
        place: placeOf(["title"]),
        hint: `add short_title: the name in at most ${SHORT_TITLE_MAX} letters`,
      },
    );
  }
  if (robots === "none" && sitemap)
    throw fail("sitemap", "robots: none asks search engines to stay away", "leave one of the two out");
  if (value.logo_dark !== undefined && value.logo === undefined)
    throw fail("logo_dark", "there is no logo", "a logo for both themes is logo; logo_dark is another one for dark pages");
  const files = new Map<string, Uint8Array>();
  const logoOf = (field: "logo" | "logo_dark"): string | undefined => {
    const name = value[field];
    if (name === undefined) return undefined;
    const read = readLogo(name, file);
    if (typeof read === "string")
      throw fail(field, `${name} ${read}`, "a logo is an SVG or PNG beside portal.yaml, or in a folder below");
    const address = addressOf(field, read);
    files.set(address, read.bytes);
    return address;
  };
  const about = aboutOf(value.about, { text, file, place: placeOf(["about"]) });
  const cite = value.cite?.trim();
  return {
    facts: {
      ...{ title, shortTitle },
      logo: logoOf("logo"),
      logoDark: logoOf("logo_dark"),
      about: about.blocks.length === 0 ? undefined : about.blocks,
      links: value.links,
      hero,
      cite: cite === "" ? undefined : cite,
    },
    accent: value.accent === undefined ? undefined : accentOf(value.accent),
    ...{ robots, sitemap, files },
    warnings: about.warnings,
  };
}

const addressOf = (field: "logo" | "logo_dark", { ending }: Logo): string =>
  `${BRAND}/${field === "logo" ? "logo" : "logo-dark"}.${ending}`;

/** The text about the portal. @throws {EmporiumError} CONFIG_FIELD for a link that no page may open */
function aboutOf(
  about: string | undefined,
  { text, file, place }: { text: string; file: string; place: Place },
): { blocks: AboutText["blocks"]; warnings: string[] } {
  if (about === undefined) return { blocks: [], warnings: [] };
  const { blocks, asWritten, wrongLinks } = readAbout(about);
  const placeOfLine = (line: number): Place => {
    const first = firstLineOf(text, place);
    return first === undefined ? place : { file, line: first + line - 1, column: 1, path: "about" };
  };
  const [wrong] = wrongLinks;
  if (wrong) {
    throw new EmporiumError(
      "CONFIG_FIELD",
      `${file}: about: a link leads to ${JSON.stringify(wrong.href)}; expected https://, http:// or mailto:`,
      {
        place: placeOfLine(wrong.line),
        hint: HINT,
      },
    );
  }
  const warnings = asWritten.slice(0, TOLD_MAX).map(({ line, text: shown }) => {
    const { line: at } = placeOfLine(line);
    return `${file}:${at}: about has paragraphs, lists and links, and shows all else as it is written: ${shortened(shown)}`;
  });
  if (asWritten.length > TOLD_MAX) warnings.push(`${file}: about: ${asWritten.length} such lines in all`);
  return { blocks, warnings };
}

const TOLD_MAX = 3;
const SHOWN_MAX = 40;
const shortened = (text: string): string => (text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`);

/** The line of the first line of a text that stands below its `|`; undefined for one that is written in another way. */
function firstLineOf(text: string, { line = 1, column = 1 }: Place): number | undefined {
  const lines = text.split(/\r\n|\r|\n/);
  return /^\|/.test(lines[line - 1]?.slice(column - 1) ?? "") ? line + 1 : undefined;
}
