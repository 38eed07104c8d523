import { EmporiumError } from "../../../core/errors.js";
import type { DepositionProfile } from "../../../formats/yaml/deposition-profile.js";
import type { Classified } from "../labels/classify.js";
import { type AnnotatedObject, objectOfLabel } from "../labels/objects.js";
import type { Vocabulary } from "../labels/vocabulary.js";

/**
 * The object of a label: from the profile, else from the vocabulary.
 *
 * @throws {EmporiumError} CONFIG_FIELD for a label without a definition: a guess would become the name of the annotation
 */
export function objectOf(
  classified: Classified,
  vocabulary: Vocabulary,
  { objects }: Pick<DepositionProfile, "objects">,
): AnnotatedObject {
  const { label, status } = classified;
  const given = Object.entries(objects).find(([name]) => name.toLowerCase() === label.toLowerCase())?.[1];
  if (given) return { ...given, id: given.id ?? vocabulary.labels.find(({ name }) => name === label)?.ontology };
  const known = objectOfLabel(classified, vocabulary);
  if (known) return known;
  const said = status === "unresolved" ? "is a term of the laboratory without a definition" : "is in no vocabulary";
  throw new EmporiumError("CONFIG_FIELD", `label ${label} ${said}, so its object must be given`, {
    hint: `--object "name as the ontology has it" --object-id GO:…, or objects of --profile, or --vocabulary`,
  });
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
