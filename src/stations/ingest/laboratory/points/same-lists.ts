import { createHash } from "node:crypto";
import { groupsOf, keyOf } from "../../../../core/groups.js";
import type { Decision } from "../decide.js";
import { orReason } from "../recognisers/common/reading.js";
import type { Laboratory } from "../survey/laboratory.js";

const BYTES_MAX = 16 * 1024 * 1024;

/** Lists of points of one run that are byte for byte one: people copy picks beside what they make of them. A person's stays, else that with the shorter path. */
export async function leaveSameLists(files: Map<string, Decision>, laboratory: Laboratory): Promise<void> {
  const lists = [...files.values()].filter(({ role, run }) => (role === "points" || role === "table") && run !== undefined);
  const groups = groupsOf(lists, ({ run, path }) => keyOf(run!, `${laboratory.get(path)?.size ?? 0}`));
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    const weight = ({ strength }: Decision) => (strength === "person" ? 2 : Number(strength === "bookkeeping"));
    const kept = new Map<string, Decision>();
    for (const file of [...group].sort((a, b) => weight(b) - weight(a) || a.path.length - b.path.length)) {
      const bytes = await digestOf(laboratory, file.path);
      const same = bytes === undefined ? undefined : kept.get(bytes);
      if (same && file.strength !== "person")
        files.set(file.path, { ...file, role: "left out", because: `a copy of ${same.path}`, details: {} });
      else if (bytes !== undefined) kept.set(bytes, file);
    }
  }
}

async function digestOf(laboratory: Laboratory, path: string): Promise<string | undefined> {
  const size = laboratory.get(path)?.size ?? 0;
  if (size === 0 || size > BYTES_MAX) return undefined;
  const read = await orReason(async () => (await laboratory.open(path)).read({ offset: 0, length: size }));
  return "value" in read ? createHash("sha256").update(read.value).digest("hex") : undefined;
}
