import { groupsOf } from "../../../../core/groups.js";
import type { Claim, Option } from "../claims.js";
import type { Decision } from "../decide.js";
import { folderOf } from "../recognisers/common/paths.js";
import { holdsCopies } from "../recognisers/copies/names.js";

/** What an answer says that changes nothing. */
export const asItIs = ({ path, run, runs, sameRunAs, role, because, details }: Decision): Claim => {
  return { path, run, runs, sameRunAs, role, because, details, strength: "contents" };
};

/** @param because the reason, as the end of a sentence */
export const leftOut = ({ path, run }: Pick<Decision, "path" | "run">, because: string): Claim => {
  return { path, run, role: "left out", because, strength: "contents" };
};

/** The two answers about files that may be nothing for the portal: that they are left out, and that they are as they seem to be. */
export function outOrAsIs(
  files: readonly Decision[],
  { because, out = "not published", as, says }: OutOrAsIs,
): readonly [Option, Option] {
  return [
    { answer: "leave-out", says: out, claims: files.map((file) => leftOut(file, because)) },
    { answer: as, says, claims: files.map(asItIs) },
  ];
}

interface OutOrAsIs {
  /** Why they are left out, as the end of a sentence. */
  readonly because: string;
  /** What the first answer says. */
  readonly out?: string;
  /** The second answer, and what it says. */
  readonly as: string;
  readonly says: string;
}

/**
 * A test whether another file has the same bytes and is left out for that: of two copies it does not matter which one is published, and one of them must be.
 * One in a folder of backups is no other place: it is what its original is. The copies are looked for once.
 */
export function copiesIn(
  files: ReadonlyMap<string, Decision>,
): (file: Decision, isOther: (copy: Decision) => boolean) => boolean {
  const copies = groupsOf(
    [...files.values()].filter(({ path, copyOf }) => copyOf !== undefined && !holdsCopies(folderOf(path))),
    ({ copyOf }) => copyOf!,
  );
  return ({ path }, isOther) => copies.get(path)?.some(isOther) === true;
}
