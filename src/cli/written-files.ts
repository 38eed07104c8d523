import { closeSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { EmporiumError } from "../core/errors.js";
import type { Command, OptionMeta } from "./command.js";
import { kebab } from "./flags.js";

const HEAD_BYTES = 512;

/** Beginnings of the files that a result of the same extension may replace. A file with any other extension has to be a text. */
const BEGINNINGS: readonly (readonly [ends: RegExp, what: string, begins: RegExp])[] = [
  [/^\.json$/i, "JSON", /^\s*[[{]/],
  [/^\.(?:html?|svg)$/i, "HTML or SVG", /^\s*</],
  [/^\.png$/i, "PNG", /^\x89PNG/],
  [/^\.csv$/i, "CSV", /^[^\0\n]*,[^\0]*$/],
  [/^/, "text", /^[^\0]*$/],
];

/**
 * Refuses to write a result over something else: over a file that the same command line names as an input, over one that is not of the kind that its
 * own name says, as a volume is, or where a folder is. A result of the same kind is replaced, as by everybody's `--out`. Files of this machine only; nothing is written.
 *
 * @throws {EmporiumError} USAGE for an input and a folder, CONFIG_COLLISION for a file of another kind
 */
export function refuseOtherFiles(command: Command, options: Readonly<Record<string, unknown>>): void {
  for (const [key, path] of Object.entries(options)) {
    const { written, beside = [] }: Partial<OptionMeta> = command.options.shape[key]?.meta() ?? {};
    if (!written || typeof path !== "string") continue;
    for (const one of [path, ...beside.map((name) => join(dirname(path), name))]) {
      refuseFolder(one, key, one === path ? "give the name of a file in it" : "move it away, or give a name in another folder");
      refuseOtherFile(one, key, command, options);
    }
  }
}

/** @throws {EmporiumError} USAGE for a workspace that is a file */
export function refuseWorkspace(path: string): void {
  if (isFile(path))
    throw new EmporiumError("USAGE", `the workspace ${path} is a file; expected a folder`, {
      place: { file: path },
      hint: "give a folder, which is made where it does not exist",
    });
}

/**
 * As `refuseOtherFiles`, for one file whose name is known later.
 *
 * @param key of the option that says where it is written
 */
export function refuseOtherFile(path: string, key: string, command: Command, options: Readonly<Record<string, unknown>>): void {
  if (!isFile(path)) return;
  const place = { file: path };
  for (const [other, value] of Object.entries(options)) {
    if (other === key || ![value].flat().some((one) => typeof one === "string" && isSame(one, path))) continue;
    const { value: called = other }: Partial<OptionMeta> = command.options.shape[other]?.meta() ?? {};
    const name = command.positionals.includes(other) ? called : `--${kebab(other)}`;
    throw new EmporiumError("USAGE", `${path} is given as ${name} and would be overwritten by --${kebab(key)}`, {
      place,
      hint: "give another name",
    });
  }
  const head = headOf(path);
  const [, what, begins] = BEGINNINGS.find(([ends]) => ends.test(extname(path)))!;
  if (head === "" || begins.test(head)) return;
  throw new EmporiumError(
    "CONFIG_COLLISION",
    `${path} exists and is not ${what}, so --${kebab(key)} would overwrite something else`,
    {
      place,
      hint: "give another name, or move it away",
    },
  );
}

/** The command would find out when its work is done. */
function refuseFolder(path: string, key: string, hint: string): void {
  const isFolder = path.endsWith("/") || statSync(path, { throwIfNoEntry: false })?.isDirectory();
  if (!isFolder) return;
  throw new EmporiumError("USAGE", `${path} is a folder, and --${kebab(key)} writes a file of this name`, {
    place: { file: path },
    hint,
  });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isSame(one: string, two: string): boolean {
  return isFile(one) && realpathSync(one) === realpathSync(two);
}

/** The first bytes of a file as a text, one character for each byte. */
function headOf(path: string): string {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(HEAD_BYTES);
    return bytes.toString("latin1", 0, readSync(file, bytes, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(file);
  }
}
