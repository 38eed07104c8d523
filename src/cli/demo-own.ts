import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { EmporiumError } from "../core/errors.js";
import { blockWork } from "./blocks-options.js";

/**
 * Names below the demo's folder that its steps overwrite. What a demo only makes where it is absent (the drive, say) is not
 * listed.
 */
const WRITTEN = ["portal", "s3", "blocks", "cells.yaml", "validation.html", "volume.mrc", "volume.zarr"];
/** Outputs of the demo's graph. */
const COMPUTED = ["blocks/cells.zarr/", "blocks/facts.json"];

/**
 * Refuses a folder with something in it that a demo would write over and that no demo has made. Writes nothing.
 *
 * @throws {EmporiumError} CONFIG_COLLISION; USAGE for a file
 */
export async function refuseOthersFolder(dest: string): Promise<void> {
  const given = await stat(dest).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw unusable(dest, error.code === "ENOTDIR" ? "is below a file" : `cannot be opened (${error.code})`);
  });
  if (!given) return;
  if (!given.isDirectory()) throw unusable(dest, "is a file");
  // a demo makes its laboratory before anything else, whole or not at all
  const others = existsSync(join(dest, "lab")) ? await notComputed(dest) : await notEmpty(dest);
  const [first] = others;
  if (first === undefined) return;
  throw new EmporiumError("CONFIG_COLLISION", `${first} exists and was not made by a demo, which would overwrite it`, {
    place: { file: first },
    hint: "move it away, or give --dest a folder that is not there yet",
  });
}

async function notEmpty(dest: string): Promise<string[]> {
  const found = await Promise.all(
    WRITTEN.map((name) => join(dest, name)).map(async (path) => {
      const there = await stat(path).catch(() => undefined);
      const isTaken = there?.isDirectory() ? (await readdir(path)).length > 0 : there !== undefined;
      return isTaken ? [path] : [];
    }),
  );
  return found.flat();
}

async function notComputed(dest: string): Promise<string[]> {
  const [{ isOfGraph }, { fileStore }] = await Promise.all([
    import("../stations/blocks/graph/owners.js"),
    import("../stores/file/store.js"),
  ]);
  const store = fileStore(resolve(dest));
  const found: string[] = [];
  for (const key of COMPUTED) if (existsSync(join(dest, key)) && !(await isOfGraph(store, key))) found.push(join(dest, key));
  return found;
}

/**
 * Words for `blocks run`. What a demo computed of inputs that have been made anew since, for another workspace, is replaced, as is what its graph said
 * before a person changed it; what no graph has made is not.
 */
export async function wordsToReplace(graph: string): Promise<string[]> {
  const [{ takenByOthers }, { readGraphFile }] = await Promise.all([
    import("../stations/blocks/graph/run.js"),
    import("../stations/blocks/graph/read-graph.js"),
  ]);
  // what is wrong with the graph is for the command to say
  const taken = await takenByOthers(await readGraphFile(graph), blockWork({})).catch(() => []);
  return taken.length > 0 && taken.every((output) => output.isOfGraph) ? ["--force-overwrite"] : [];
}

function unusable(dest: string, why: string): EmporiumError {
  return new EmporiumError("USAGE", `${dest} ${why}; give a folder`, { hint: "give --dest a folder that is not there yet" });
}
