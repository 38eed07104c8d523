import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { NO_DATA } from "./real-data-places.js";

/**
 * Where the files of other people lie. Only suites that are about such files are given a folder (`npm run test:data`, `npm run test:peers`);
 * `npm test` is given none, wherever it runs, so that it is the same run on every machine.
 */
export const REAL_DATA_FOLDER = process.env["EMPORIUM_REAL_DATA"] || NO_DATA;

/** The same as an address that ends with a slash. */
export const REAL_DATA = pathToFileURL(`${REAL_DATA_FOLDER}/`);

export const hasRealData = existsSync(REAL_DATA);

/** Texts about other programs that the project's people keep beside the files. */
export const SPECIFICATIONS = new URL("../spec/", REAL_DATA);

/** How the line begins that the reporter repeats at the end. */
export const IN_PART = "in part without real files: ";

/** For tests that have files of our own as well: where there are no real files, says what they look at. */
export function inPartWithoutRealFiles(what: string): void {
  if (!hasRealData) console.warn(`${IN_PART}${what}`);
}
