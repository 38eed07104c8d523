import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { asEmporiumError } from "../../core/errors.js";
import { formatBytes } from "../../core/units.js";
import { parseXml } from "../../formats/alignment/xml.js";

/** A picture that pages show at the place of the portal's name. */
export interface Logo {
  readonly ending: "svg" | "png";
  readonly bytes: Uint8Array;
}

const LOGO_BYTES = 256 * 1024;
const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/**
 * Reads a logo that stands beside the file of settings, or below its folder. What it is, its bytes say, not its name.
 *
 * @param name path as it is written @param settings path of the file of settings
 * @returns what is wrong with it, in words that follow the name
 */
export function readLogo(name: string, settings: string): Logo | string {
  const folder = dirname(resolve(settings));
  const path = resolve(folder, name);
  let bytes: Uint8Array;
  try {
    // a link may lead out of the folder, and a folder that is mounted may hold nothing but links into itself
    if (isAbsolute(name) || !isBelow(path, folder) || !isBelow(realpathSync(path), realpathSync(folder)))
      return "lies outside the folder of this file";
    const { size } = statSync(path);
    if (!statSync(path).isFile()) return "is not a file";
    if (size > LOGO_BYTES) return `has ${formatBytes(size)}; a logo has at most ${formatBytes(LOGO_BYTES)}`;
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR" ? "does not exist" : `cannot be read (${code ?? String(error)})`;
  }
  if (PNG_SIGNATURE.every((byte, at) => bytes[at] === byte)) return { ending: "png", bytes };
  const fault = faultOfSvg(bytes, name);
  return fault ?? { ending: "svg", bytes };
}

/** Whether a path is inside of a folder. Both are absolute. */
function isBelow(path: string, folder: string): boolean {
  const inside = relative(folder, path);
  return inside !== "" && inside !== ".." && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
}

function faultOfSvg(bytes: Uint8Array, name: string): string | undefined {
  // bytes that are no text are no XML, whatever a reader makes of them
  if (bytes.includes(0)) return "is neither a PNG nor an SVG";
  try {
    const root = parseXml(bytes, name);
    if (root.name !== "svg") return `is neither a PNG nor an SVG: its root is ${root.name}`;
    if (root.attributes.get("xmlns") !== SVG_NAMESPACE)
      return `is an SVG without xmlns="${SVG_NAMESPACE}": browsers do not draw it`;
    return undefined;
  } catch (error) {
    const { message, facts } = asEmporiumError(error);
    const at = facts.place?.line === undefined ? "" : ` in its line ${facts.place.line}`;
    return `is neither a PNG nor a well-formed SVG${at}: ${message.slice(message.indexOf(": ") + 2)}`;
  }
}
