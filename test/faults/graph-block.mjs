/**
 * A person's operator that does what its options say: `dieAt` lists first voxels of blocks at which its process kills itself, `hangAt` at which it
 * never returns, `throwAt` at which it throws; `once` names a folder that notes which of them have happened, so that they happen once. It adds one.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export function apply(block, core, { dieAt = [], throwAt = [], once = "" }) {
  const place = core.start.join("-");
  const happens = (places, what) => {
    if (!places.includes(place)) return false;
    if (once === "") return true;
    const note = join(once, `${what}-${place}`);
    if (existsSync(note)) return false;
    writeFileSync(note, "");
    return true;
  };
  if (happens(dieAt, "die")) {
    process.stderr.write(`the last words of ${place}\n`);
    process.kill(process.pid, "SIGKILL");
  }
  if (happens(throwAt, "throw")) throw new Error(`no answer for ${place}`);
  return block.data.map((value) => value + 1);
}
