/**
 * A person's operator that does what its options say: `dieAt` lists first voxels of blocks at which its process kills itself, `hangAt` at which it
 * never returns, `throwAt` at which it throws; `once` names a folder that notes which of them have happened, so that they happen once. At the two
 * blocks of `largeAt` it takes 235 MiB, and keeps them until the process that does so at the other one is gone, where both are at it for the first time. At
 * `hugeAt` it takes 400 MiB and keeps them until its process is ended. It adds one.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const LARGE_BYTES = 235 * 2 ** 20;

const HUGE_BYTES = 400 * 2 ** 20;

const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
const attempts = (path) => (existsSync(path) ? readFileSync(path, "utf8").trim().split("\n").map(Number) : []);

function isGone(pid) {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

function takeMuch(place, others, folder) {
  const own = join(folder, place);
  appendFileSync(own, `${process.pid}\n`);
  const held = Buffer.alloc(LARGE_BYTES, 1);
  for (const other of others) {
    for (;;) {
      const [first] = attempts(join(folder, other));
      if (attempts(own).length > 1 || (first !== undefined && isGone(first))) break;
      pause();
    }
  }
  return held.length;
}

export function apply(block, core, { dieAt = [], throwAt = [], once = "", largeAt = [], hugeAt = [] }) {
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
  if (largeAt.includes(place))
    takeMuch(
      place,
      largeAt.filter((other) => other !== place),
      once,
    );
  if (hugeAt.includes(place)) for (const held = Buffer.alloc(HUGE_BYTES, 1); held.length > 0; ) pause();
  if (happens(throwAt, "throw")) throw new Error(`no answer for ${place}`);
  return block.data.map((value) => value + 1);
}
