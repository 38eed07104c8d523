import { EmporiumError } from "../../../core/errors.js";
import type { DepositionProfile } from "../../../formats/yaml/deposition-profile.js";
import type { Classified } from "../labels/classify.js";
import type { Vocabulary } from "../labels/vocabulary.js";

/** The object of an annotation, as in the portal's configurations. `id` is undefined if it is unknown. */
export interface AnnotatedObject {
  readonly name: string;
  readonly id: string | undefined;
  readonly description?: string | undefined;
  readonly state?: string | undefined;
}

/** Names of the Gene Ontology for identifiers of the default vocabulary: the portal requires the ontology's own names. */
const GENE_ONTOLOGY: Readonly<Record<string, string>> = {
  "GO:0009428": "bacterial-type flagellum basal body, distal rod, P ring",
  "GO:0009431": "bacterial-type flagellum basal body, MS ring",
  "GO:0030694": "bacterial-type flagellum basal body, rod",
  "GO:0044096": "type IV pilus",
  "GO:0009289": "pilus",
  "GO:0120100": "bacterial-type flagellum motor",
};

/**
 * The object of a label: from the profile, else from the vocabulary.
 *
 * @throws {EmporiumError} CONFIG_FIELD for a label without a definition: a guess would become the name of the annotation
 */
export function objectOf(
  { label, meaning, status }: Classified,
  vocabulary: Vocabulary,
  { objects }: Pick<DepositionProfile, "objects">,
): AnnotatedObject {
  const given = Object.entries(objects).find(([name]) => name.toLowerCase() === label.toLowerCase())?.[1];
  const ontology = vocabulary.labels.find(({ name }) => name === label)?.ontology;
  if (given) return { ...given, id: given.id ?? ontology };
  const known = ontology === undefined ? undefined : GENE_ONTOLOGY[ontology];
  const name = known ?? (meaning === "" ? undefined : meaning);
  if (name === undefined) {
    const said = status === "unresolved" ? "is a term of the laboratory without a definition" : "is in no vocabulary";
    throw new EmporiumError("CONFIG_FIELD", `label ${label} ${said}, so its object must be given`, {
      hint: `--object "name as the ontology has it" --object-id GO:…, or objects of --profile, or --vocabulary`,
    });
  }
  return {
    name,
    id: ontology,
    ...(known !== undefined && meaning !== "" && meaning.length <= 50 ? { description: meaning } : {}),
  };
}

/** `cytosolic ribosome` → `cytosolic-ribosome`. */
export function slugOf(name: string): string {
  const slug = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return slug === "" ? "annotation" : slug;
}
