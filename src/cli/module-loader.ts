import { readFileSync } from "node:fs";
import type { LoadHook } from "node:module";
import { fileURLToPath } from "node:url";

/** Reads modules one after the other, for processes that may open few files. Node's own loader opens them all at once. */
export const load: LoadHook = (url, context, nextLoad) => {
  if (context.format !== "module" || !url.startsWith("file:")) return nextLoad(url, context);
  return { format: "module", source: readFileSync(fileURLToPath(url)), shortCircuit: true };
};
