import { readFileSync } from "node:fs";
import { join } from "node:path";
import { measure, root } from "../report.mjs";

const here = join(root, "bench", "blocks");

/**
 * Reads the boxes of a file by one of the contenders, in a process of its own.
 *
 * @returns what it reports (blocks, seconds, CPU seconds, sum), and what the process took
 */
export async function readBoxes(name, { python, location, file, concurrency, cache, report, env = {} }) {
  const own =
    name === "emporium" ? [process.execPath, join(here, "read-boxes.mjs")] : [python, join(here, "read_boxes.py"), name];
  const cost = await measure(python, [...own, location, file, String(concurrency), String(cache)], {
    env: { ...env, REPORT: report },
  });
  return { ...JSON.parse(readFileSync(report, "utf8")), cost };
}
