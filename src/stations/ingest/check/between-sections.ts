import { isPictureName, PICTURE_NAMES } from "../../../arrays/picture/frame.js";
import { toNumber } from "../../../core/number.js";
import { POINT_READERS } from "../../../formats/points/readers.js";
import { KINDS, type SectionKey, type TypeKey } from "../../../model/kinds.js";
import { voxelSpacingName } from "../../../model/voxel-spacing.js";
import { templatesOf } from "../config/expand.js";
import {
  type ConfigNode,
  describe,
  type MapNode,
  numberOfNode,
  placeOfValue,
  type ScalarNode,
  scalarText,
} from "../config/nodes.js";
import type { Block, IngestConfig, Source } from "../config/schema.js";
import { EXPANDED } from "../config/templates.js";
import { entryAt, mapAt } from "./look.js";
import type { Rules } from "./rule.js";

/*
 * Checks between the sections of one configuration. Only what is certain without the sources is checked: literal names, and
 * numbers that are not templates.
 */

export function checkBetweenSections(root: MapNode, config: IngestConfig, rules: Rules): void {
  depositionId(root, config, rules);
  for (const [section, key] of [
    ["depositions", "deposition_identifier"],
    ["datasets", "dataset_identifier"],
  ] as const)
    for (const block of blocksOf(config, section)) identifier(block, key, rules);
  voxelSpacings(config, rules);
  rowTemplates(config, rules);
  parentFilters(config, rules);
  withoutParents(config, rules);
  for (const { sources } of blocksOf(config, "annotations")) for (const source of sources) pointFile(source, rules);
  for (const section of ["tiltseries", "tomograms"] as const)
    for (const { sources } of blocksOf(config, section)) for (const source of sources) noFile(source, section, rules);
  for (const { sources } of blocksOf(config, "key_images")) for (const source of sources) pictureNames(source, rules);
}

function blocksOf({ sections }: IngestConfig, section: SectionKey): readonly Block[] {
  return sections.get(section)?.blocks ?? [];
}

/** Warns of sections that are never looked for, because their parent's section is not in the configuration or has no sources. */
function withoutParents(config: IngestConfig, rules: Rules): void {
  for (const { section, parent } of KINDS) {
    const [first] = blocksOf(config, section).flatMap(({ sources }) => sources);
    const above = KINDS.find((kind) => kind.type === parent);
    if (!first || !above || blocksOf(config, above.section).some(({ sources }) => sources.length > 0)) continue;
    rules.warn(
      first.place,
      `${section}: not looked for, since the configuration has no ${above.section}`,
      `add ${above.section}; sources with destination_glob name what is in the output already`,
    );
  }
}

/** Names that blocks give as they stand; undefined where a finder may find others. */
function literalNames(blocks: readonly Block[]): ScalarNode[] | undefined {
  const names: ScalarNode[] = [];
  for (const { finder } of blocks.flatMap(({ sources }) => sources)) {
    if (finder?.kind !== "literal") return undefined;
    names.push(...finder.values.map(({ name }) => name));
  }
  return names.length === 0 ? undefined : names;
}

const listed = (names: readonly ScalarNode[]): string => names.map(({ value }) => scalarText(value)).join(", ");
const isAmong = (node: ScalarNode, names: readonly ScalarNode[]): boolean =>
  names.some(({ value }) => scalarText(value) === scalarText(node.value) || Number(scalarText(value)) === toNumber(node.value));

/** Compares `deposition_id` with the name of the deposition, below which all is written: if they differ, one is a mistake. */
function depositionId(root: MapNode, config: IngestConfig, rules: Rules): void {
  const node = entryAt(mapAt(root, "standardization_config"), "deposition_id");
  const names = literalNames(blocksOf(config, "depositions"));
  if (node?.kind !== "scalar" || toNumber(node.value) === undefined || !names || isAmong(node, names)) return;
  const message = `standardization_config.deposition_id is ${scalarText(node.value)}, the deposition is ${listed(names)}`;
  // a published configuration (10439) has its dataset's number there, which does no harm
  const datasets = literalNames(blocksOf(config, "datasets")) ?? [];
  const say = isAmong(node, datasets) ? rules.warn : rules.fail;
  say(placeOfValue(node), message, "write the same number in both: the folder is named by depositions.sources");
}

/** Compares the number in the metadata with the name of the folder, which must be the same. */
function identifier({ metadata, sources }: Block, key: string, rules: Rules): void {
  const node = entryAt(metadata, key);
  const names = literalNames([{ sources } as Block]);
  if (node?.kind !== "scalar" || toNumber(node.value) === undefined || !names || isAmong(node, names)) return;
  rules.fail(
    placeOfValue(node),
    `${key} is ${scalarText(node.value)}, the block's sources name ${listed(names)}`,
    "write the same number in both: the folder is named by sources, the metadata say this one",
  );
}

/** A tomogram lies in the folder of its voxel spacing, and its metadata say the same. */
function voxelSpacings(config: IngestConfig, rules: Rules): void {
  const names = literalNames(blocksOf(config, "voxel_spacings"));
  const known = names?.flatMap(({ value }) => toNumber(value) ?? []);
  if (!names || !known || known.length < names.length) return;
  for (const { metadata, sources } of blocksOf(config, "tomograms")) {
    const node = entryAt(metadata, "voxel_spacing");
    const own = numberOfNode(node);
    if (!node || own === undefined) continue;
    const fail = (what: string) =>
      rules.fail(
        placeOfValue(node),
        `voxel_spacing of the tomogram is ${describeNumber(node)}, ${what}`,
        "write the same spacing in both: voxel_spacings names the folder of the tomogram",
      );
    const isOwn = (spacing: number) => voxelSpacingName(spacing) === voxelSpacingName(own);
    if (!known.some(isOwn)) {
      fail(`voxel_spacings lists ${known.join(", ")}`);
      continue;
    }
    for (const source of sources) {
      const admitted = known.filter((spacing) => admits(source, "voxel_spacing", voxelSpacingName(spacing)));
      if (admitted.length === 0 || admitted.some(isOwn)) continue;
      fail(`parent_filters look for it at ${admitted.join(", ")} only`);
    }
  }
}

const describeNumber = (node: ConfigNode): string => describe(node).replace(/^the number /, "");

function admits({ includeParents, excludeParents }: Source, type: TypeKey, name: string): boolean {
  const include = includeParents.get(type);
  if (excludeParents.get(type)?.some((pattern) => pattern.search(name))) return false;
  return !include || include.length === 0 || include.some((pattern) => pattern.search(name));
}

/** Metadata of these kinds are filled in from a run's row, and there is no table of rows. */
function rowTemplates({ sections, maps }: IngestConfig, rules: Rules): void {
  if (maps.run_data_map_file) return;
  for (const { type, blocks } of sections.values()) {
    if (!EXPANDED.has(type)) continue;
    for (const node of blocks.flatMap(({ metadata }) => (metadata ? templatesOf(metadata) : []))) {
      rules.fail(
        placeOfValue(node),
        `${String(node.value).trim()} needs a column of a run data map, and there is no map`,
        "add run_data_map_file to standardization_config, or write the value",
      );
    }
  }
}

/** Parents whose names stand in the configuration. */
const NAMED: readonly [section: SectionKey, type: TypeKey][] = [
  ["depositions", "deposition"],
  ["datasets", "dataset"],
  ["voxel_spacings", "voxel_spacing"],
];

/** A source that is meant for a parent that there is not finds nothing, ever. */
function parentFilters(config: IngestConfig, rules: Rules): void {
  for (const [section, type] of NAMED) {
    const literals = literalNames(blocksOf(config, section));
    if (!literals) continue;
    const numbers = literals.map(({ value }) => toNumber(value));
    if (type === "voxel_spacing" && numbers.includes(undefined)) continue;
    const names = literals.map(({ value }, i) => (type === "voxel_spacing" ? voxelSpacingName(numbers[i]!) : scalarText(value)));
    for (const { blocks } of config.sections.values()) {
      for (const source of blocks.flatMap(({ sources }) => sources)) {
        if (!source.includeParents.has(type) && !source.excludeParents.has(type)) continue;
        if (names.some((name) => admits(source, type, name))) continue;
        rules.warn(
          source.place,
          `parent_filters of this source let no ${type} through, there is ${names.join(", ")}`,
          "correct the regular expressions, or leave the source out",
        );
      }
    }
  }
}

/** Checks that an annotation source has the fields that its importer needs beside files. */
function pointFile({ shape }: Source, rules: Rules): void {
  if (!shape) return;
  if (Object.hasOwn(POINT_READERS, shape.format) && POINT_READERS[shape.format]!.needsFilter && !shape.filterValue) {
    rules.fail(
      shape.place,
      `${shape.format} holds the particles of many tomograms, filter_value is missing`,
      "add filter_value: the tomogram's number or name in the list, for example {run_name}",
    );
  }
  if (shape.filterValue && Object.hasOwn(POINT_READERS, shape.format) && POINT_READERS[shape.format]!.ignoresFilter) {
    rules.warn(
      placeOfValue(shape.filterValue),
      `filter_value is not used: a file of ${shape.format} holds the points of one tomogram`,
      "leave it out, or give each run a file of its own",
    );
  }
  const mesh = shape.meshSourcePath;
  const end = mesh && /[^}]*$/.exec(String(mesh.value))![0];
  if (mesh && end !== "" && !/\.glb$/i.test(end!)) {
    rules.fail(
      placeOfValue(mesh),
      `mesh_source_path is ${String(mesh.value)}; expected a .glb file`,
      "convert the mesh to binary glTF, in Å about the middle of the particle",
    );
  }
}

function noFile({ finder, place }: Source, section: SectionKey, rules: Rules): void {
  if (finder?.kind !== "literal") return;
  rules.fail(finder.place ?? place, `a literal among the sources of ${section} names no file`, "use source_glob");
}

function pictureNames({ finder }: Source, rules: Rules): void {
  if (finder?.kind !== "literal") return;
  for (const { name, path } of finder.values) {
    if (path || isPictureName(scalarText(name.value))) continue;
    rules.fail(
      placeOfValue(name),
      `key image ${describe(name)}; expected one of ${PICTURE_NAMES.join(", ")}`,
      "name a picture, or find files by source_glob",
    );
  }
}
