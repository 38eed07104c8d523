import { EmporiumError, type Place } from "../../core/errors.js";
import { few } from "../../core/finding.js";
import { nearest } from "../../core/nearest.js";

/** Documents that people write, or edit where a command has written them, each by fields that it alone has: all of one row. */
const KINDS = {
  configuration: {
    is: "an ingestion configuration",
    hint: "give it as CONFIG.yaml to emporium ingest",
    marks: [["standardization_config"]],
  },
  decisions: {
    is: "a file of decisions of ingest new",
    hint: "give it to emporium ingest new with --decisions",
    marks: [["questions", "files"]],
  },
  facts: {
    is: "a profile of a deposition",
    hint: "give it to ingest new, ingest watch or curate package with --profile",
    marks: [["deposition_id"], ["dataset_id"], ["authors"], ["organism"], ["microscope"]],
  },
  graph: { is: "a graph of blocks", hint: "give it to emporium blocks plan or run", marks: [["inputs", "outputs"]] },
  engines: {
    is: "a file of profiles of engines",
    hint: "call it emporium.engines.yaml, and name one of its profiles with --engine-profile",
    marks: [["profiles"]],
  },
  portal: {
    is: "a file of portal settings",
    hint: "give it to emporium serve with --portal",
    marks: [["accent"], ["hero"], ["short_title"]],
  },
} satisfies Readonly<Record<string, Kind>>;

interface Kind {
  readonly is: string;
  /** What one does with it. */
  readonly hint: string;
  readonly marks: readonly (readonly string[])[];
}

export type DocumentKind = keyof typeof KINDS;

/**
 * Says that a document is one of another kind, or of none that is known here: one sentence in place of one for each of its fields.
 *
 * @param keys names of its fields
 * @param wanted `kind`: what it should be; `known`: names of the fields that such a document has
 * @returns undefined where fields tell that it is what it should be, or none that it is another
 */
export function otherDocument(
  keys: readonly string[],
  { kind, known, hint }: { readonly kind?: DocumentKind | undefined; readonly known: readonly string[]; readonly hint: string },
  place: Place,
): EmporiumError | undefined {
  const isOf = ({ marks }: Kind) => marks.some((all) => all.every((key) => keys.includes(key)));
  const own = keys.filter((key) => known.includes(key)).length;
  // a field of another document may be a slip of the pen
  if (own >= keys.length / 2 || (kind === undefined ? own > 0 : isOf(KINDS[kind]))) return undefined;
  const file = place.file ?? "the document";
  const other = Object.values<Kind>(KINDS).find((one) => isOf(one));
  const expected = kind === undefined ? "" : `; expected ${KINDS[kind].is}`;
  if (other) return new EmporiumError("CONFIG_FIELD", `${file} is ${other.is}${expected}`, { place, hint: other.hint });
  if (own > 0 || keys.some((key) => nearest(key, known) !== undefined)) return undefined;
  const such = `${kind === undefined ? "; expected" : ", with"} fields such as ${known.slice(0, 3).join(", ")}`;
  return new EmporiumError("CONFIG_FIELD", `${file} has ${few(keys, 3, "field")}${expected}${such}`, { place, hint });
}

/** `known: a, b, c and 16 more`: short lists whole. */
export const knownText = (known: readonly string[]): string =>
  `known: ${known.length <= SHOWN_WHOLE ? known.join(", ") : few(known)}`;
const SHOWN_WHOLE = 8;
