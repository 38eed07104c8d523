import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { setTimeout as later } from "node:timers/promises";

/**
 * Loaded before the program (`NODE_OPTIONS=--import`): the process is killed as soon as a call of its own has made a path of the pattern `EMPORIUM_TEST_KILL_AT`, so in
 * the middle of its work however fast or slow the machine is. `*` stands for a part of one name.
 */
const escaped = process.env.EMPORIUM_TEST_KILL_AT.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", "[^/]*");
const pattern = new RegExp(`^${escaped}$`);

for (const name of ["open", "rename", "link", "writeFile"]) {
  const call = fs.promises[name];
  fs.promises[name] = async (...words) => {
    const result = await call(...words);
    // the path that a call makes is its first word, or its second where it has two: `open(path)`, `link(existing, path)`
    const made = name === "rename" || name === "link" ? words[1] : words[0];
    if (!pattern.test(made) || !fs.existsSync(made)) return result;
    process.kill(process.pid, "SIGKILL");
    // nothing that would follow is done, also in the moment before the signal comes
    await later(60_000);
  };
}
syncBuiltinESMExports();
