import { isMap, isScalar, isSeq, type Node, type YAMLMap, type YAMLSeq } from "yaml";
import { EmporiumError } from "../../../../core/errors.js";
import { counted } from "../../../../core/units.js";
import type { Version } from "../grammar/config.js";
import { fromFlatKeys } from "./flat-keys.js";
import { entryLines, itemLines, quoted } from "./yaml-lines.js";
import { YamlText } from "./yaml-text.js";

/** One step of the ladder. Each reads a text of its version and gives a text of the next. */
export interface Step {
  readonly from: Version;
  readonly to: Version;
  /** @param note takes what a person should look at afterwards. */
  apply(text: string, file: string, note: (message: string) => void): string;
}

/** Source: the migrations of the portal's own ingestion, `schema_migration`. */
export const STEPS: readonly Step[] = [
  { from: "0.0.0", to: "1.0.0", apply: fromFlatKeys },
  {
    from: "1.0.0",
    to: "1.1.0",
    apply: (text, file, note) => withoutEmpty(splitRawtilts(text, file, note), file),
  },
  { from: "1.1.0", to: "1.2.0", apply: addFrames },
  { from: "1.2.0", to: "1.3.0", apply: addIngestIds },
];

/** Writes the version, where it stands or at the end. */
export function setVersion(text: string, file: string, version: Version): string {
  const yaml = new YamlText(text, file);
  const node = yaml.get(yaml.root, "version");
  if (isScalar(node)) yaml.setScalar(node, version);
  else if (yaml.has(yaml.root, "version")) yaml.replaceEntry(yaml.root, "version", [`version: ${version}`]);
  else yaml.addEntry(yaml.root, "version", [version]);
  return yaml.finish();
}

const FORMATS: readonly [format: string, extensions: readonly string[]][] = [
  ["IMOD", [".tlt", ".xf", ".com", ".xtilt"]],
  ["ARETOMO3", [".aln", ".txt", ".csv"]],
];

/** 1.0.0 → 1.1.0: files listed with the raw tilts become acquisition metadata and alignments; tomograms get more metadata. */
function splitRawtilts(text: string, file: string, note: (message: string) => void): string {
  const yaml = new YamlText(text, file);
  const { root } = yaml;
  const rawtilts = yaml.items(yaml.get(root, "rawtilts"));
  const tomograms = yaml.items(yaml.get(root, "tomograms"));
  const fail = (message: string, hint: string) =>
    new EmporiumError("CONFIG_FIELD", `${file}: ${message}`, { place: { file }, hint });
  if (rawtilts.length > 1 || tomograms.length > 1) {
    const [count, what] = rawtilts.length > 1 ? [rawtilts.length, "rawtilts"] : [tomograms.length, "tomograms"];
    throw fail(
      `${counted(count, "block")} of ${what}; expected one, to divide their files`,
      "divide rawtilts by hand, then set version: 1.1.0",
    );
  }
  if (!yaml.has(root, "depositions")) throw fail("the section depositions is missing", "add it, with dates in its metadata");
  const globs: { source: string[]; text: string }[] = [];
  for (const list of rawtilts
    .flatMap((block) => yaml.items(yaml.get(block, "sources")))
    .map((source) => yaml.get(yaml.get(source, "source_multi_glob"), "list_globs"))) {
    if (!isSeq(list)) continue;
    const moved = (list.items as Node[]).map((item) => yaml.text(item) ?? "");
    for (const [at, glob] of moved.entries()) {
      const taken = glob.endsWith(".mdoc") || FORMATS.some(([, extensions]) => extensions.some((one) => glob.endsWith(one)));
      if (!taken) continue;
      globs.push({ source: yaml.copy(list.items[at] as Node), text: glob });
      yaml.removeItem(list as YAMLSeq, at);
    }
  }
  const ending = (extensions: readonly string[]) =>
    globs.filter(({ text: glob }) => extensions.some((one) => glob.endsWith(one))).map(({ source }) => source[0] ?? "");
  addGlobs(yaml, "collection_metadata", yaml.items(yaml.get(root, "collection_metadata"))[0], ending([".mdoc"]));
  const alignments = yaml.items(yaml.get(root, "alignments"));
  const added: string[][] = [];
  for (const [format, extensions] of FORMATS) {
    const files = ending(extensions);
    if (files.length === 0) continue;
    const block = alignments.find((one) => yaml.text(yaml.get(yaml.get(one, "metadata"), "format")) === format);
    const matrices = tomograms.flatMap(
      (tomogram) => yaml.get(yaml.get(tomogram, "metadata"), "affine_transformation_matrix") ?? [],
    );
    const matrix = matrices.findLast((node) => isSeq(node) && node.items.length > 0 && !isIdentity(yaml, node));
    if (block) {
      addGlobs(yaml, "alignments", block, files);
      const metadata = yaml.map(block, "metadata");
      if (matrix && metadata && !yaml.has(metadata, "affine_transformation_matrix")) {
        yaml.addEntry(metadata, "affine_transformation_matrix", yaml.copy(matrix));
      }
      continue;
    }
    const metadata = [`format: ${format}`, ...(matrix ? entryLines("affine_transformation_matrix", yaml.copy(matrix)) : [])];
    const method = methodOf(yaml, tomograms[0]);
    if (method) metadata.push(`method_type: ${method}`);
    added.push([...entryLines("metadata", metadata), ...globSource(files)]);
  }
  appendBlocks(yaml, "alignments", added);
  for (const tomogram of tomograms) describeTomogram(yaml, yaml.map(tomogram, "metadata"), note);
  return yaml.finish();
}

/** Method of the alignment, inferred from the tomogram's metadata; undefined where they do not tell it. */
function methodOf(yaml: YamlText, tomogram: Node | undefined): string | undefined {
  const metadata = yaml.get(tomogram, "metadata");
  if (!metadata) return undefined;
  if (yaml.text(yaml.get(metadata, "fiducial_alignment_status")) === "FIDUCIAL") return "fiducial_based";
  const software = (yaml.text(yaml.get(metadata, "reconstruction_software")) ?? "").toLowerCase();
  if (software.includes("aretomo")) return "projection_matching";
  return software.includes("imod") ? "patch_tracking" : undefined;
}

function globSource(files: readonly string[]): string[] {
  return ["sources:", "- source_multi_glob:", "    list_globs:", ...files.map((glob) => `    - ${glob}`)];
}

/** Adds globs to the first source of a block that takes several, or as a source of its own, or as a block of its own. */
function addGlobs(yaml: YamlText, section: string, block: Node | undefined, files: readonly string[]): void {
  if (files.length === 0) return;
  const sources = yaml.get(block, "sources");
  const list = yaml
    .items(sources)
    .map((source) => yaml.get(yaml.get(source, "source_multi_glob"), "list_globs"))
    .find(isSeq);
  if (list) for (const glob of files) yaml.addItem(list as YAMLSeq, [glob]);
  else if (isSeq(sources))
    yaml.addItem(
      sources as YAMLSeq,
      globSource(files)
        .slice(1)
        .map((line) => line.slice(2)),
    );
  else if (!yaml.has(yaml.root, section)) appendBlocks(yaml, section, [globSource(files)]);
}

/** Blocks at the end of a section, which is made where there is none. */
function appendBlocks(yaml: YamlText, section: string, blocks: readonly (readonly string[])[]): void {
  if (blocks.length === 0) return;
  const list = yaml.get(yaml.root, section);
  if (isSeq(list)) {
    for (const lines of blocks) yaml.addItem(list as YAMLSeq, lines);
    return;
  }
  const lines = blocks.flatMap(itemLines);
  if (yaml.has(yaml.root, section)) yaml.replaceEntry(yaml.root, section, [`${section}:`, ...lines]);
  else yaml.addEntry(yaml.root, section, lines);
}

const IDENTITY = ["- [1, 0, 0, 0]", "- [0, 1, 0, 0]", "- [0, 0, 1, 0]", "- [0, 0, 0, 1]"];

function isIdentity(yaml: YamlText, matrix: Node): boolean {
  return yaml
    .items(matrix)
    .every((row, i) => yaml.items(row).every((cell, j) => Math.abs(Number(yaml.text(cell)) - (i === j ? 1 : 0)) < 1e-8));
}

function describeTomogram(yaml: YamlText, metadata: YAMLMap | undefined, note: (message: string) => void): void {
  if (!metadata) return;
  if (!yaml.has(metadata, "is_visualization_default")) yaml.addEntry(metadata, "is_visualization_default", ["true"]);
  if (!isFilled(yaml, metadata, "dates")) {
    const dates = yaml.get(yaml.get(yaml.items(yaml.get(yaml.root, "depositions"))[0], "metadata"), "dates");
    if (!dates) note("tomograms have no dates, and the deposition has none to take: add them");
    else replaceOrAdd(yaml, metadata, "dates", yaml.copy(dates));
  }
  if (!isFilled(yaml, metadata, "affine_transformation_matrix"))
    replaceOrAdd(yaml, metadata, "affine_transformation_matrix", IDENTITY);
}

function isFilled(yaml: YamlText, map: YAMLMap, key: string): boolean {
  const node = yaml.get(map, key);
  if (isMap(node) || isSeq(node)) return node.items.length > 0;
  return yaml.text(node) !== undefined;
}

function replaceOrAdd(yaml: YamlText, map: YAMLMap, key: string, lines: readonly string[]): void {
  if (yaml.pair(map, key)) yaml.replaceEntry(map, key, entryLines(key, lines));
  else yaml.addEntry(map, key, lines);
}

/** Takes out lists and maps that hold nothing, and what holds only such. `annotations` may be empty. */
function withoutEmpty(text: string, file: string): string {
  const yaml = new YamlText(text, file);
  const isEmpty = (node: Node | null | undefined): boolean => {
    const value = yaml.resolve(node);
    if (isMap(value))
      return (value.items as { value: Node | null }[]).every((pair) => isEmpty(pair.value) && isCollection(pair.value));
    return isSeq(value) && (value.items as Node[]).every((item) => isCollection(item) && isEmpty(item));
  };
  const isCollection = (node: Node | null | undefined): boolean => {
    const value = yaml.resolve(node);
    return isMap(value) || isSeq(value);
  };
  const prune = (node: Node | null | undefined): void => {
    if (isMap(node)) {
      for (const { key, value } of node.items as { key: Node; value: Node | null }[]) {
        const name = isScalar(key) ? String(key.value) : "";
        if (isCollection(value) && isEmpty(value)) {
          if (name !== "annotations") yaml.replaceEntry(node as YAMLMap, name);
        } else prune(value);
      }
    } else if (isSeq(node)) {
      for (const [at, item] of (node.items as Node[]).entries()) {
        if (isCollection(item) && isEmpty(item)) yaml.removeItem(node as YAMLSeq, at);
        else prune(item);
      }
    }
  };
  prune(yaml.root);
  return yaml.finish();
}

/** 1.1.0 → 1.2.0: the dose rate goes from the settings to the frames it is the rate of. */
function addFrames(text: string, file: string, note: (message: string) => void): string {
  const yaml = new YamlText(text, file);
  const { root } = yaml;
  const settings = yaml.map(root, "standardization_config");
  const given = settings && yaml.text(yaml.get(settings, "frame_dose_rate"));
  const rate = given === undefined || Number(given) === 0 ? undefined : yaml.copy(yaml.get(settings, "frame_dose_rate"))[0];
  if (settings) yaml.replaceEntry(settings, "frame_dose_rate");
  if (rate === undefined && !yaml.has(root, "collection_metadata")) return yaml.finish();
  const gains = yaml.items(yaml.get(root, "gains")).length > 0;
  const metadata = [`dose_rate: ${rate ?? 0}`, `is_gain_corrected: ${gains}`];
  const tell = () => {
    if (rate === undefined) note("frames were given dose_rate: 0, which no run accepts: write the true one");
    note(`frames were given is_gain_corrected: ${gains}, ${gains ? "since" : "as no"} gains are configured: check it`);
  };
  const frames = yaml.items(yaml.get(root, "frames"));
  if (!yaml.has(root, "frames")) {
    if (yaml.items(yaml.get(root, "tiltseries")).length === 0) return yaml.finish();
    appendBlocks(yaml, "frames", [
      [...entryLines("metadata", metadata), "sources:", "- literal:", "    value:", "    - default"],
    ]);
    tell();
    return yaml.finish();
  }
  let added = false;
  for (const block of new Set(frames)) {
    if (!isMap(block) || yaml.has(block as YAMLMap, "metadata")) continue;
    yaml.addEntry(block as YAMLMap, "metadata", metadata);
    added = true;
  }
  if (added) tell();
  return yaml.finish();
}

/** 1.2.0 → 1.3.0: every annotation gets a name of its own in this file, made from what it annotates. */
function addIngestIds(text: string, file: string): string {
  const yaml = new YamlText(text, file);
  const blocks = yaml.items(yaml.get(yaml.root, "annotations")).map((block) => yaml.map(block, "metadata"));
  const taken = new Set(blocks.flatMap((metadata) => yaml.text(metadata && yaml.get(metadata, "annotation_ingest_id")) ?? []));
  const counts = new Map<string, number>();
  const named = new Set<YAMLMap>();
  const count = (slug: string): number => {
    const next = (counts.get(slug) ?? 0) + 1;
    counts.set(slug, next);
    return next;
  };
  for (const metadata of blocks) {
    if (!metadata || named.has(metadata)) continue;
    named.add(metadata); // blocks may share their metadata by alias
    const given = yaml.text(yaml.get(metadata, "annotation_ingest_id"));
    if (given !== undefined || yaml.has(metadata, "annotation_ingest_id")) {
      count((given ?? "").replace(/-\d+$/, ""));
      continue;
    }
    const slug = slugOf(yaml.text(yaml.get(yaml.get(metadata, "annotation_object"), "name")) ?? "unknown");
    let id = `${slug}-${count(slug)}`;
    while (taken.has(id)) id = `${slug}-${count(slug)}`;
    taken.add(id);
    yaml.addEntry(metadata, "annotation_ingest_id", [/^[a-z]/.test(id) ? id : quoted(id)]);
  }
  return yaml.finish();
}

/** Small letters and digits with single dashes between them. */
function slugOf(name: string): string {
  return (
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "") || "unknown"
  );
}
