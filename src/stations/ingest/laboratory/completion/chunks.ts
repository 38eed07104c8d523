import { few } from "../../../../core/finding.js";
import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { publishText } from "../questions.js";
import type { Laboratory } from "../survey/laboratory.js";
import { outOrAsIs } from "./claim.js";

/** Tomograms in OME-Zarr of which chunks are missing: nobody can tell whether these were zeros that no program stores, or were lost. */
export function chunkQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Question[] {
  const doubts = [...files.values()].flatMap((file) => {
    const chunks = laboratory.get(file.path)?.volume?.chunks;
    return file.role === "tomogram" && file.strength !== "person" && chunks ? [{ file, ...chunks }] : [];
  });
  if (doubts.length === 0) return [];
  const own = doubts.map(({ file }) => file);
  const has = few(doubts.map(({ file, stored, whole }) => `${file.path} (${stored} of ${whole} are there)`));
  return [
    {
      id: "chunks",
      text: publishText(own.map(({ path }) => path)),
      why: `Chunks seem to be lost: ${has}.`,
      files: own.map(({ path }) => path),
      options: outOrAsIs(own, {
        because: "chunks of it are missing",
        ...{ as: "tomograms", says: "published, with zeros in the missing chunks" },
      }),
      guess: "leave-out",
    },
  ];
}
