import { type Classified, classifier } from "./classify.js";
import type { Vocabulary } from "./vocabulary.js";

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

/** The object that a label means by a vocabulary; undefined for a label that nobody has explained. */
export function objectOfLabel({ label, meaning }: Classified, vocabulary: Vocabulary): AnnotatedObject | undefined {
  const ontology = vocabulary.labels.find(({ name }) => name === label)?.ontology;
  const known = ontology === undefined ? undefined : GENE_ONTOLOGY[ontology];
  const name = known ?? (meaning === "" ? undefined : meaning);
  if (name === undefined) return undefined;
  return {
    name,
    id: ontology,
    ...(known !== undefined && meaning !== "" && meaning.length <= 50 ? { description: meaning } : {}),
  };
}

/** Finds the object of a word that is a label in a vocabulary: of a listed one in any spelling, of one that is composed as it is written. */
export function objectsOf(vocabulary: Vocabulary): (word: string) => AnnotatedObject | undefined {
  const classify = classifier(vocabulary);
  return (word) => {
    const found = classify(word);
    if (found.class !== "annotation") return undefined;
    const isListed = vocabulary.labels.some(({ name }) => name === found.label);
    return isListed || found.label === word ? objectOfLabel(found, vocabulary) : undefined;
  };
}
