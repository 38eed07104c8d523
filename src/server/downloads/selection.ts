import { z } from "zod";

/** Entities whose files are fetched. */
export const ENTITIES = ["dataset", "run", "tomogram", "annotation"] as const;
export type Entity = (typeof ENTITIES)[number];

/** What is fetched: whole entities, or some of what they hold. */
export interface Selection {
  readonly of: Entity;
  readonly ids: readonly number[];
  /** Contents by kind, format and words, each as far as it is said. Undefined: everything. */
  readonly only: readonly (readonly string[])[] | undefined;
  /** The one level of OME-Zarr volumes, 0 the finest. Undefined: all. */
  readonly level: number | undefined;
}

/** Entities of one request: addresses name more of them by ranges than anybody would select. */
const IDS_MAX = 10_000;
const CHARACTERS_MAX = 8_192;

/** `12,14-20`. */
const Ids = z
  .string()
  .max(CHARACTERS_MAX)
  .regex(/^\d{1,9}(?:-\d{1,9})?(?:,\d{1,9}(?:-\d{1,9})?)*$/, "expected numbers and ranges such as 12,14-20")
  .transform((text, { addIssue }) => {
    const ids = new Set<number>();
    for (const part of text.split(",")) {
      const [first, last = first] = part.split("-").map(Number) as [number, number?];
      if (last! - first >= IDS_MAX || ids.size > IDS_MAX) return tooMany(addIssue);
      for (let id = first; id <= last!; id++) ids.add(id);
    }
    return ids.size > IDS_MAX ? tooMany(addIssue) : [...ids];
  });

function tooMany(addIssue: (issue: { code: "custom"; message: string }) => void): never {
  addIssue({ code: "custom", message: `names more than ${IDS_MAX}` });
  return z.NEVER;
}

const Only = z
  .string()
  .max(CHARACTERS_MAX)
  .transform((text, { addIssue }) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      addIssue({ code: "custom", message: "must be JSON" });
      return z.NEVER;
    }
  })
  .pipe(z.array(z.array(z.string()).min(1).max(3)).min(1));

/** Parameters of an address that name a selection. */
export const Chosen = z.object({
  of: z.enum(ENTITIES),
  ids: Ids.meta({ description: "numbers and ranges: 12,14-20" }),
  only: Only.optional().meta({
    description: 'JSON: kind, format and words of contents, such as [["tomograms","OME-Zarr"],["annotations"]]',
  }),
  level: z.coerce
    .number()
    .int()
    .min(0)
    .max(99)
    .optional()
    .meta({ description: "the one level of OME-Zarr volumes, 0 the finest" }),
}) satisfies z.ZodType<Partial<Selection>>;
