import { z } from "zod";

const Word = z.string().min(1).max(1_000);
/** A list within the list is left out as a whole where one of its placeholders has no value. */
const WordsWithOptions = z.array(z.union([Word, z.array(Word).min(1)])).min(1);

/** Placeholders: the names that may stand in braces in the words of `submit`. */
const SUBMIT_PLACEHOLDERS = [
  ...["name", "script", "indices", "count", "last", "slots", "cpus", "memory", "gpus", "minutes", "time", "queue", "account"],
  ...["after", "logs"],
] as const;
export type SubmitPlaceholder = (typeof SUBMIT_PLACEHOLDERS)[number];

/** `{name}`; braces around anything else are taken as they are written when they hold no plain word. */
export const PLACEHOLDER = /\{([a-z_]+)\}/g;

const Pattern = (groups: readonly string[]) =>
  z
    .string()
    .min(1)
    .max(1_000)
    .superRefine((text, context) => {
      const found = groupsOf(text);
      if (found === undefined) {
        context.addIssue({ code: "custom", message: `expected a regular expression, found ${JSON.stringify(text)}` });
        return;
      }
      const missing = groups.filter((name) => !found.includes(name));
      if (missing.length > 0) {
        context.addIssue({
          code: "custom",
          message: `the group (?<${missing[0]}>…) is missing; the groups are ${groups.join(", ")}`,
        });
      }
    });

function groupsOf(text: string): string[] | undefined {
  try {
    // an empty alternative always fits, and shows the groups
    return Object.keys(new RegExp(`${text}|`, "m").exec("")?.groups ?? {});
  } catch {
    return undefined;
  }
}

/** Placeholders that are none. @param known those of the template */
function withPlaceholders<S extends z.ZodType<readonly (string | readonly string[])[]>>(
  words: S,
  known: readonly string[],
  wanted: readonly string[] = [],
) {
  return words.superRefine((list, context) => {
    const used = list.flat().flatMap(placeholdersOf);
    const wrong = used.find((name) => !known.includes(name));
    if (wrong !== undefined) {
      const at = list.findIndex((word) => [word].flat().some((text) => text.includes(`{${wrong}}`)));
      const wants = known.length === 0 ? "none is allowed here" : `expected one of ${known.join(", ")}`;
      context.addIssue({ code: "custom", path: [at], message: `{${wrong}} is not a placeholder; ${wants}` });
    }
    const missing = wanted.find((name) => !used.includes(name));
    if (missing !== undefined) context.addIssue({ code: "custom", message: `none of the words contains {${missing}}` });
  });
}

export const placeholdersOf = (text: string): string[] => [...text.matchAll(PLACEHOLDER)].map(([, name]) => name!);

const Submit = z
  .strictObject({
    words: withPlaceholders(WordsWithOptions, SUBMIT_PLACEHOLDERS, ["name"]),
    /** The new job's id in what the program prints. */
    id: Pattern(["id"]),
    /** The variable that tells an element its number. `first`: the array counts from there; without it, it has the numbers of `{indices}`. */
    index: z.strictObject({
      variable: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/),
      first: z.union([z.literal(0), z.literal(1)]).optional(),
    }),
    /** Between several ids of `{after}` in one word. */
    separator: z.string().max(10).optional(),
  })
  .superRefine(({ words, index }, context) => {
    const used = words.flat().flatMap(placeholdersOf);
    const wanted = index.first === undefined ? ["indices"] : ["count", "last"];
    if (wanted.some((name) => used.includes(name))) return;
    const message = `${wanted.map((name) => `{${name}}`).join(" or ")} is in none of the words, but ${index.variable} distinguishes elements of an array`;
    context.addIssue({ code: "custom", path: ["words"], message });
  });

const States = z.array(Word);

/**
 * Commands of an engine that has no words of its own here, as people write them: four. Each is a list of words for the program,
 * never a text that a shell would read.
 */
export const EngineTemplates = z.strictObject({
  submit: Submit,
  state: z.strictObject({
    words: withPlaceholders(z.array(Word).min(1), []),
    /** A line of the output: an element, or a job without elements. `count` says how many elements a line stands for. */
    line: Pattern(["id", "state", "name"]),
    running: States,
    held: States.optional(),
    /** Over, though they are still listed. */
    over: States.optional(),
    /** A failure that only means that there is no job. */
    none: Pattern([]).optional(),
  }),
  cancel: z.strictObject({ words: withPlaceholders(z.array(Word), ["ids"], ["ids"]) }),
  limits: z.union([
    z.strictObject({ array: z.number().int().min(1).max(1_000_000) }),
    z.strictObject({ words: withPlaceholders(z.array(Word).min(1), []), array: Pattern(["array"]) }),
  ]),
});
export type EngineTemplates = z.output<typeof EngineTemplates>;
