import { readFile, stat } from "node:fs/promises";
import { EmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { formatBytes } from "../../../core/units.js";
import { type Exclusions, parseExclusions, standardExclusions } from "./exclusions.js";

export const isUrl = (location: string): boolean => /^[a-z][a-z0-9+.-]+:/i.test(location);

/** What a file is to be, and what to do where it is not. */
interface Expected {
  readonly what: string;
  readonly hint: string;
}
const A_CONFIGURATION: Expected = {
  what: "a configuration",
  hint: "check the path; emporium ingest new --from DIR --out CONFIG.yaml writes a configuration",
};
const EXCLUSIONS: Expected = {
  what: "a file of exclusions",
  hint: "check the path behind --exclusions; without it the built-in exclusions count",
};

/**
 * The bytes of a configuration, by path or URL.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX where there is no such file, CONFIG_LIMIT, STORE_…
 */
export function readConfigFile(name: string, anonymous?: boolean | undefined): Promise<Uint8Array> {
  return readExpected(name, A_CONFIGURATION, anonymous);
}

async function readExpected(name: string, expected: Expected, anonymous: boolean | undefined): Promise<Uint8Array> {
  const place = { file: name };
  const file = isUrl(name) ? await remoteFile(name, anonymous) : await localFile(name, expected);
  if (!file)
    throw new EmporiumError("CONFIG_SYNTAX", `${name} does not exist; expected ${expected.what}`, { place, hint: expected.hint });
  if (file.size > LIMITS.configBytes) {
    const message = `${name} has ${formatBytes(file.size)}, at most ${formatBytes(LIMITS.configBytes)} are read`;
    throw new EmporiumError("CONFIG_LIMIT", message, { place });
  }
  return file.read();
}

/** The exclusions of a file, or the built-in ones without a name. @throws {EmporiumError} CONFIG_SYNTAX, CONFIG_FIELD */
export async function readExclusions(name: string | undefined, anonymous?: boolean | undefined): Promise<Exclusions> {
  if (name === undefined) return standardExclusions;
  return parseExclusions(new TextDecoder().decode(await readExpected(name, EXCLUSIONS, anonymous)), name);
}

interface OpenFile {
  size: number;
  read(): Promise<Uint8Array>;
}

async function localFile(path: string, { what, hint }: Expected): Promise<OpenFile | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found && !found.isFile()) {
    throw new EmporiumError("CONFIG_SYNTAX", `${path} is not a file; expected ${what}`, {
      place: { file: path },
      hint:
        found.isDirectory() && what === A_CONFIGURATION.what
          ? "write a configuration of the folder first, once its first tilt series are there: emporium ingest new --from DIR --out CONFIG.yaml"
          : hint,
    });
  }
  return found && { size: found.size, read: () => readFile(path) };
}

async function remoteFile(url: string, anonymous: boolean | undefined): Promise<OpenFile | undefined> {
  const { openLocation } = await import("../../../stores/url.js");
  const { store, key } = await openLocation(url, { anonymous, readOnly: true });
  const found = await store.stat(key);
  return found && { size: found.size, read: async () => (await store.read(key)) ?? new Uint8Array(0) };
}
