import { quoteWords } from "../../src/core/shell.js";
import { literal } from "./python-text.js";

/** Entities of the catalogue that a person wants to fetch, with their keys. */
export interface Wanted {
  readonly kind: "dataset" | "run" | "tomogram" | "annotation";
  /** The one entity, or those of a selection. */
  readonly items: readonly { readonly id: number; readonly name: string }[];
  /** Datasets that they are of. */
  readonly datasets: readonly number[];
  /** Keys of the tree: folders end with `/`, a Zarr is one, too. */
  readonly parts: readonly { readonly key: string; readonly sizeBytes?: number | null | undefined }[];
  /** Single files where `parts` are folders. */
  readonly files?: Wanted["parts"] | undefined;
  /** Words for what was chosen and is left out. */
  readonly leftOut?: string | undefined;
  /** Names of the contents that `parts` are, as the server's list has them: kind, format, words. Undefined: everything. */
  readonly only?: readonly (readonly string[])[] | undefined;
  /** The one level of the volumes that is fetched, 0 the finest, and the name of its array where all volumes have the same. Undefined: all. */
  readonly level?: { readonly at: number; readonly path: string | null } | undefined;
}

/** Addresses to fetch from, without a slash at their end, and the bucket's name. */
export interface Served {
  readonly url: string;
  readonly files: string;
  readonly s3: string;
  readonly graphql: string;
  /** Of archives, to which a selection is added. */
  readonly zip: string;
  readonly bucket: string;
}

/** A text to paste, or why there is none. */
export type PasteText = { readonly text: string } | { readonly none: string };

const isFolder = ({ key }: { key: string }) => key.endsWith("/");
const nameOf = (key: string) => key.replace(/\/+$/, "").split("/").at(-1)!;
/** The name of what is made here: below this folder, whatever it is called. */
const here = (name: string) => `./${name.replaceAll(/[/\\\0]/g, "_")}`;

/** Local path for each key: its name; where two have the same, the whole key for all of them. */
function putAt(parts: Wanted["parts"]): ReadonlyMap<string, string> {
  const isSingle = new Set(parts.map(({ key }) => nameOf(key))).size === parts.length;
  const whole = (key: string) => key.split("/").flatMap((part) => (part === "" ? [] : here(part).slice(2).replace(/^\.+$/, "_")));
  return new Map(parts.map(({ key }) => [key, isSingle ? here(nameOf(key)) : `./${whole(key).join("/")}`]));
}

/** Characters of an address that all programs take on the way to the server. */
const ADDRESS_MAX = 8_000;

/** What is wanted, as the server's addresses below `api/v1/download` name it; undefined where that is too long for one. */
export function selectionText({
  kind,
  items,
  only,
  level,
}: Pick<Wanted, "kind" | "items" | "only" | "level">): string | undefined {
  const ids = [...new Set(items.map(({ id }) => id))].sort((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const id of ids) {
    const last = ranges.at(-1);
    if (last && last[1] === id - 1) last[1] = id;
    else ranges.push([id, id]);
  }
  const text = new URLSearchParams({
    of: kind,
    ids: ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(","),
    ...(only && { only: JSON.stringify(only) }),
    ...(level && { level: String(level.at) }),
  });
  return text.toString().length > ADDRESS_MAX ? undefined : text.toString();
}

export const addressOf = (key: string, { files }: Served): string =>
  `${files}/${key.split("/").map(encodeURIComponent).join("/")}`;

/** Folders, files and volumes, verified and resumable. */
export function emporiumText({ parts, level }: Wanted, { s3, bucket }: Served): PasteText {
  // the bucket's own host would be Amazon's
  const base = ["--portal-base", `${bucket}.s3.amazonaws.com=${s3}/${bucket}`, "--anonymous"];
  const scale = level ? ["--scale", String(level.at)] : [];
  return lines([
    [
      "emporium",
      "harvest",
      "download",
      ...parts.map(({ key }) => `s3://${bucket}/${key}`),
      ...scale,
      ...base,
      "--dest",
      "./downloads",
    ],
  ]);
}

export function awsText({ parts, level }: Wanted, { s3, bucket }: Served): PasteText {
  if (level?.path === null) return { none: "The volumes have different names for this level: take emporium, or the zip." };
  const options = ["--no-sign-request", "--endpoint-url", s3];
  const names = level ? [".zattrs", ".zgroup", "zarr.json", `${level.path}/*`] : [];
  const filter = level ? ["--exclude", "*", ...names.flatMap((name) => ["--include", name])] : [];
  const at = putAt(parts);
  return lines(
    parts.map((part) => [
      ...["aws", "s3", "cp", ...(isFolder(part) ? ["--recursive", ...filter] : []), ...options],
      ...[`s3://${bucket}/${part.key}`, at.get(part.key)!],
    ]),
  );
}

export function curlText({ parts, files }: Wanted, served: Served): PasteText {
  const single = (files ?? parts).filter((part) => !isFolder(part));
  if (single.length === 0) return { none: "Single files: there are none, these are folders." };
  const at = putAt(single);
  return lines(
    single.map(({ key }) => [
      "curl",
      "--fail",
      ...(at.get(key)!.indexOf("/", 2) > 0 ? ["--create-dirs"] : []),
      "--location",
      "--remote-time",
      "--output",
      at.get(key)!,
      addressOf(key, served),
    ]),
  );
}

/** Everything that is wanted, folders as well, as one archive. */
export function zipText(wanted: Wanted, { zip }: Served): PasteText {
  const selection = selectionText(wanted);
  if (selection === undefined) return { none: "These are too many to name in one address: take emporium." };
  return lines([["curl", "--fail", "--location", "--remote-name", "--remote-header-name", `${zip}?${selection}`]]);
}

const CLASSES = { dataset: "Dataset", run: "Run", tomogram: "Tomogram", annotation: "Annotation" } as const;

/** Script for the portal's official client, `pip install cryoet-data-portal`. */
export function pythonText({ kind, items }: Wanted, { graphql, s3 }: Served): PasteText {
  const name = CLASSES[kind];
  const fetched = {
    dataset: (into: string) => `item.download_everything(${into})`,
    run: (into: string) => `item.download_everything(${into})`,
    tomogram: (into: string) => `item.download_mrcfile(${into})\nitem.download_omezarr(${into})`,
    annotation: (into: string) => `item.download(${into})`,
  }[kind];
  const names = items.map((item) => item.name);
  const blocks = items.map(({ id, name: called }) => {
    // two runs of different datasets may have one name
    const into = literal(here(names.indexOf(called) === names.lastIndexOf(called) ? called : `${called} ${id}`));
    return [`item = ${name}.get_by_id(client, ${id})`, `os.makedirs(${into}, exist_ok=True)`, fetched(into)].join("\n");
  });
  return {
    text: [
      "import os",
      "",
      `os.environ["AWS_ENDPOINT_URL_S3"] = os.environ["BOTO_ENDPOINT_URL"] = ${literal(s3)}`,
      "",
      `from cryoet_data_portal import Client, ${name}`,
      "",
      `client = Client(${literal(graphql)})`,
      ...blocks,
      "",
    ].join("\n"),
  };
}

const projectOf = ({ datasets }: Wanted) => `copick-${datasets.join("-")}.json`;

/** A project of whole datasets. */
export function copickText(wanted: Wanted, { url }: Served): PasteText {
  const datasets = wanted.datasets.flatMap((id) => ["--dataset", String(id)]);
  return lines([["emporium", "catalog", "export", "copick", url, ...datasets, "--out", projectOf(wanted)]]);
}

/** Lines of Python that open the project. */
export function copickPythonText(wanted: Wanted, { graphql, s3 }: Served): PasteText {
  return {
    text: [
      "import os",
      "",
      "import cryoet_data_portal._client as portal",
      "",
      `portal.DEFAULT_URL = ${literal(graphql)}`,
      `os.environ["AWS_ENDPOINT_URL_S3"] = ${literal(s3)}`,
      "",
      "import copick",
      "",
      `project = copick.from_file(${literal(projectOf(wanted))})`,
      "",
    ].join("\n"),
  };
}

/** Command lines. A control character in one would be taken by the terminal, quoted or not: a tab completes, an escape ends the paste. */
function lines(commands: readonly (readonly string[])[]): PasteText {
  if (commands.length === 0) return { none: "There is no file of it." };
  if (commands.flat().some((word) => /[\0-\x1f\x7f-\x9f]|[\ud800-\udfff]/u.test(word)))
    return { none: "A name has a control character, which no terminal passes on: fetch the links, or rename it." };
  return { text: commands.map((words) => `${quoteWords(words)}\n`).join("") };
}
