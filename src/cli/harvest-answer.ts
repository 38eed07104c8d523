import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { ErrorRecord } from "../core/errors.js";
import type { JsonObject } from "../core/json.js";
import type { Io } from "./command.js";

export interface Answer {
  /** Name → record. */
  document: JsonObject;
  errors: readonly ErrorRecord[];
  exitStatus: number;
  /** The answer as text for people. */
  text(): string;
  print(document: JsonObject): string;
  /** File for the document. */
  out: string | undefined;
}

/**
 * The output of a command with named records: failures on stderr, the document in its file, records on stdout. `--json` prints
 * the document, with `errors` beside the names if something failed.
 */
export async function answer({ document, errors, exitStatus, text, print, out }: Answer, io: Io): Promise<number> {
  for (const error of errors) io.fail(error);
  const some = Object.keys(document).length > 0;
  if (out !== undefined && some) {
    await mkdir(dirname(out), { recursive: true });
    await writeFile(out, `${print(document)}\n`);
  }
  if (io.json) io.out(print(errors.length > 0 ? { ...document, errors: errors.map((error) => ({ ...error })) } : document));
  else if (some) io.out(text());
  return exitStatus;
}
