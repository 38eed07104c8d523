import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { thisProcess } from "../../engine/holder.js";
import { freshName, isAbandoned, sweepFresh } from "./fresh-folder.js";

const NEVER_A_PROCESS = 2 ** 22 + 1; // above the kernel's highest number (proc(5), pid_max)
const self = thisProcess();
const gone = { ...self, pid: NEVER_A_PROCESS };

it.each([
  ["of this process", self, false],
  ["of one that has ended", gone, true],
  ["of one whose number another process has by now", { ...self, processStart: "1" }, self.machine !== undefined],
  ["of another machine", { ...gone, host: "elsewhere" }, false],
  ["of this machine before it was started again", { ...self, machine: "another-boot pid:[1]" }, true],
  ["of another container of this machine", { ...gone, machine: `${self.machine?.split(" ")[0]} pid:[1]` }, false],
])("seam 25: a half-made database %s is removed: %s", (_, maker, abandoned) => {
  expect(isAbandoned(freshName(maker))).toBe(abandoned);
});

it("seam 25: what was left by makers killed before their first file and in the middle goes, what is not theirs stays", async () => {
  const parent = mkdtempSync(join(tmpdir(), "emporium-fresh-"));
  const names = [freshName(gone), freshName(gone), freshName(self), "postgres", ".new-folder-of-somebody"];
  for (const name of names) mkdirSync(join(parent, name, "data"), { recursive: true });
  writeFileSync(join(parent, names[1]!, "data", "PG_VERSION"), "18\n");
  await sweepFresh(parent);
  expect(names.map((name) => existsSync(join(parent, name)))).toEqual([false, false, true, true, true]);
  rmSync(parent, { recursive: true });
});
