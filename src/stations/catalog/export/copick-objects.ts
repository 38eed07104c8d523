import { colourBytes, distinctColours } from "../../../model/colours.js";
import { distinctNames, objectName, partName } from "./copick-names.js";

/** The facts of an object, from one annotation or several. */
export interface ObjectFacts {
  /** Identifier in an ontology, `GO:0022626`; may be empty. */
  readonly id: string;
  readonly name: string;
  /** The object has points, not only masks. */
  readonly isParticle: boolean;
  /** Accessions of publications about the annotation, comma-separated. */
  readonly publications?: string | undefined;
}

/** An entry of a project's `pickable_objects`. */
export interface PickableObject {
  readonly name: string;
  readonly is_particle: boolean;
  /** Label, from 1. */
  readonly label: number;
  /** Red, green, blue, opacity: 0 to 255. */
  readonly color: readonly number[];
  readonly emdb_id?: string | undefined;
  readonly pdb_id?: string | undefined;
  /** Identifier by which copick finds the portal's annotations. */
  readonly identifier?: string | undefined;
  /** Radius in Å. */
  readonly radius?: number | undefined;
}

/** copick's radius for the portal's particles, since annotations have no size. */
const RADIUS_ANGSTROM = 50;
/** copick's own seed; colours repeat from the 65th object on. */
const SEED = 42;
const COLOURS_MAX = 64;

/** Annotations with equal keys are of one object. */
export function objectKey({ id, name }: Pick<ObjectFacts, "id" | "name">): string {
  return id === "" ? `name ${name}` : id;
}

/**
 * The objects of annotations: one for each identifier, sorted by name, in any order of the annotations. Objects with one name are
 * distinguished by their identifiers.
 *
 * @returns by `objectKey`
 */
export function pickableObjects(annotations: Iterable<ObjectFacts>): Map<string, PickableObject> {
  const byKey = new Map<string, ObjectFacts[]>();
  for (const facts of annotations) {
    const key = objectKey(facts);
    const known = byKey.get(key);
    if (known) known.push(facts);
    else byKey.set(key, [facts]);
  }
  const objects = [...byKey].map(([key, facts]) => ({ key, facts, name: facts.map(({ name }) => name).sort()[0]! }));
  objects.sort((a, b) => compare(a.name.toLowerCase(), b.name.toLowerCase()) || compare(a.key, b.key));
  const names = distinctNames(
    objects,
    ({ name }) => objectName(name),
    ({ key }) => objectName(partName(key)),
  );
  const colours = distinctColours(Math.min(objects.length, COLOURS_MAX), SEED);
  return new Map(
    objects.map(({ key, facts }, i): [string, PickableObject] => {
      const isParticle = facts.some((fact) => fact.isParticle);
      return [
        key,
        {
          name: names[i]!,
          is_particle: isParticle,
          label: i + 1,
          color: [...colourBytes(colours[i % COLOURS_MAX]!), 255],
          emdb_id: accession(facts, /^EMD-\d+$/i),
          pdb_id: accession(facts, /^PDB-\w+$/i),
          identifier: facts[0]!.id || undefined,
          radius: isParticle ? RADIUS_ANGSTROM : undefined,
        },
      ];
    }),
  );
}

function accession(facts: readonly ObjectFacts[], form: RegExp): string | undefined {
  const all = facts.flatMap(({ publications }) => publications?.split(",").map((text) => text.trim()) ?? []);
  return all.filter((text) => form.test(text)).sort()[0];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
