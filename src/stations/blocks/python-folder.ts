import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../../python", import.meta.url));

/** `PYTHONPATH` with which Python finds the package `emporium` of this very version, unless the given one has another. */
export function pythonPath({ PYTHONPATH: given }: NodeJS.ProcessEnv): string {
  return given ? `${given}${delimiter}${FOLDER}` : FOLDER;
}
