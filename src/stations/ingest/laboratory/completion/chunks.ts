import { few } from "../../../../core/finding.js";
import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import type { Laboratory } from "../survey/laboratory.js";
import { asItIs, leftOut } from "./claim.js";

/** Tomograms in OME-Zarr of which chunks are missing: nobody can tell whether these were zeros that no program stores, or were lost. */
export function chunkQuestions(files: ReadonlyMap<string, Decision>, laboratory: Laboratory): Question[] {
  const doubts = [...files.values()].flatMap((file) => {
    const chunks = laboratory.get(file.path)?.volume?.chunks;
    return file.role === "tomogram" && file.strength !== "person" && chunks ? [{ file, ...chunks }] : [];
  });
  if (doubts.length === 0) return [];
  const has = few(doubts.map(({ file, stored, whole }) => `${file.path} (${stored} of ${whole} are there)`));
  return [
    {
      id: "chunks",
      text: `Were chunks lost of ${has}? What is missing would be published as zeros.`,
      files: doubts.map(({ file }) => file.path),
      options: [
        {
          answer: "leave-out",
          says: "not published",
          claims: doubts.map(({ file }) => leftOut(file, "chunks of it are missing")),
        },
        { answer: "tomograms", says: "published: the missing chunks are zeros", claims: doubts.map(({ file }) => asItIs(file)) },
      ],
      guess: "leave-out",
    },
  ];
}
