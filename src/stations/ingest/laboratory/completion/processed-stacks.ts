import type { Question } from "../claims.js";
import type { Decision } from "../decide.js";
import { publishText } from "../questions.js";
import { ALIGNED } from "../recognisers/common/names.js";
import { outOrAsIs } from "./claim.js";

interface Kind {
  readonly id: string;
  readonly form: RegExp;
  readonly though: string;
  readonly because: string;
  readonly says: string;
}

const KINDS: readonly Kind[] = [
  {
    id: "aligned-stacks",
    form: ALIGNED,
    though: "An alignment has rotated and shifted the images",
    because: "an aligned stack",
    says: "published as aligned tilt series",
  },
  {
    // as TOMOMAN and others call them
    id: "weighted-stacks",
    form: /[_-]dose[-_]?(?:filt\w*|weighted)\.(?:mrcs?|st)$/i,
    though: "By the name, the images are weighted by dose",
    because: "weighted by the dose",
    says: "published as tilt series",
  },
];

/**
 * Stacks that something was done with, of runs of which no other stack is there: a tilt series is published as it was recorded, and another one only where a
 * person says so.
 */
export function processedStackQuestions(files: ReadonlyMap<string, Decision>): Question[] {
  const stacks = [...files.values()].filter(({ role, run }) => role === "tilt series" && run !== undefined);
  const recorded = new Set(stacks.filter(({ path }) => !KINDS.some(({ form }) => form.test(path))).map(({ run }) => run));
  const open = stacks.filter(({ run, strength }) => strength !== "person" && strength !== "bookkeeping" && !recorded.has(run));
  return KINDS.flatMap((kind): Question[] => {
    const doubts = open.filter(({ path }) => kind.form.test(path));
    if (doubts.length === 0) return [];
    const ofRun = doubts.length === 1 ? "its run" : "their runs";
    return [
      {
        id: kind.id,
        text: publishText(doubts.map(({ path }) => path)),
        why: `${kind.though}, and there is no stack of ${ofRun} as recorded.`,
        files: doubts.map(({ path }) => path),
        options: outOrAsIs(doubts, {
          because: `${kind.because}, and the one that was recorded is not in the folder`,
          ...{ as: "publish", says: kind.says },
        }),
        guess: "leave-out",
      },
    ];
  });
}
