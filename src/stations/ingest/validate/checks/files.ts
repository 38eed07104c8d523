import { few, unless } from "../../../../core/finding.js";
import type { Json } from "../../../../core/json.js";
import { isJsonObject } from "../../../../core/json-fields.js";
import { isArray } from "../../../../formats/zarr/json.js";
import type { UnfollowedLink } from "../../../../stores/store.js";
import { BOTH, type Check, checksOf, STANDARDIZED } from "../check.js";
import { known, type Lazy, Missing } from "../facts/fact.js";
import { type Document, needList, needText, textAt } from "../facts/fields.js";
import type { Mark } from "../finding.js";
import type { TiltseriesSubject, TomogramSubject } from "../subjects.js";

const NAMING: readonly Mark[] = ["dataset", "deposition", "run", "frame", "tiltseries", "alignment", "tomogram", "annotation"];

async function isThere(fact: Lazy<Document>): Promise<boolean> {
  const result = await fact();
  return "value" in result || result.fault !== undefined;
}

/** A file that metadata name must be there. */
function namedFile(path: string) {
  return async ({ metadata, exists }: TiltseriesSubject | TomogramSubject) => {
    const document = await known(metadata);
    const key = needText(document, path).replace(/\/$/, "");
    const wanted = `the ${path} of ${document.key}`;
    return unless(await named(exists, key), { key }, "absent", wanted);
  };
}

/** A name out of a document may be none that a store takes: then there is no such file. */
async function named(exists: (key: string) => Promise<boolean>, key: string): Promise<boolean> {
  const isKey = !key.startsWith("/") && key.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  return isKey && !/[\0\\]/.test(key) && (await exists(key));
}

const oneAtMost = (keys: readonly string[], key: string) =>
  unless(keys.length <= 1, { key: keys[1] ?? key }, few(keys), "one at most");

/** Whether the target of a link is no part of the place: it would not be published. */
const isLost = ({ leads }: UnfollowedLink): boolean => leads === "outside" || leads === "nowhere";

/** Checks of the files that must be in the portal's tree, and of those that must not. */
export const FILE_CHECKS: readonly Check[] = [
  ...checksOf("dataset", { marks: ["dataset"], suites: STANDARDIZED }, [
    {
      id: "files.dataset-metadata",
      statement: "a dataset has dataset_metadata.json",
      judge: async ({ metadata, key }) =>
        unless(await isThere(metadata), { key: `${key}/dataset_metadata.json` }, "absent", "the metadata of the dataset"),
    },
    {
      id: "files.run-folder",
      statement: "a dataset has folders of runs, one for each that the configuration names",
      judge: ({ runs, runsWanted, key }) => [
        ...unless(runs.length > 0, { key }, "no folder of a run", "one at least"),
        ...runsWanted.flatMap((name) =>
          unless(runs.includes(name), { key: `${key}/${name}` }, "absent", "a run that the configuration names"),
        ),
      ],
    },
  ]),
  ...checksOf("run", { marks: ["run"], suites: STANDARDIZED }, [
    {
      id: "files.run-metadata",
      statement: "a run has run_metadata.json",
      judge: async ({ metadata, key }) =>
        unless(await isThere(metadata), { key: `${key}/run_metadata.json` }, "absent", "the metadata of the run"),
    },
    {
      id: "files.reconstructions",
      statement: "a run has the folder Reconstructions",
      judge: ({ folders, key }) =>
        unless(
          folders.includes("Reconstructions"),
          { key: `${key}/Reconstructions` },
          "absent",
          "the folder of the reconstructions",
        ),
    },
    {
      id: "files.voxel-spacing-folder",
      statement: "the reconstructions of a run lie in folders VoxelSpacing…",
      applies: ({ folders }) => folders.includes("Reconstructions"),
      judge: ({ spacings, key }) =>
        unless(spacings.length > 0, { key: `${key}/Reconstructions` }, "no folder VoxelSpacing…", "one at least"),
    },
  ]),
  ...checksOf("document", { marks: NAMING, suites: STANDARDIZED }, [
    {
      id: "files.named",
      statement: "every other object of the tree that metadata name is there",
      async judge({ metadata, exists }) {
        const document = await known(metadata);
        const findings = [];
        for (const { path, key } of pathsIn(document.json)) {
          const place = { key: document.key, path };
          findings.push(
            ...unless(await named(exists, key.replace(/\/$/, "")), place, `${key} is absent`, "an object that is there"),
          );
        }
        return findings;
      },
    },
  ]),
  ...checksOf("links", { marks: ["deposition", "dataset", "run"], suites: BOTH }, [
    {
      id: "files.links",
      statement: "no link leads out of the tree, or out of the input, or to nothing",
      applies: ({ links }) => links.some(isLost),
      judge: ({ links }) =>
        links.filter(isLost).flatMap(({ key, leads, to }) => {
          const found = leads === "outside" ? `a link that leaves for ${to}, which is not looked at` : "a link to nothing";
          return unless(false, { key }, found, "the file or folder itself");
        }),
    },
    {
      id: "files.circular-links",
      statement: "no link leads to a folder that it lies in, and nothing is a pipe, a socket or a device",
      applies: ({ links }) => !links.every(isLost),
      mended: async () => "An import leaves it out.",
      judge: ({ links }) =>
        links
          .filter((link) => !isLost(link))
          .flatMap(({ key, leads }) => {
            const found = leads === "above" ? "a link to a folder that it lies in" : "a pipe, a socket or a device";
            return unless(false, { key }, found, "files and folders alone");
          }),
    },
  ]),
  ...checksOf("acquisition", { marks: ["frame"], suites: STANDARDIZED }, [
    {
      id: "files.frames-metadata",
      statement: "a folder of frames has frames_metadata.json",
      applies: ({ hasFolder }) => hasFolder,
      judge: async ({ metadata, key }) =>
        unless(await isThere(metadata), { key: `${key}/frames_metadata.json` }, "absent", "the metadata of the frames"),
    },
  ]),
  ...checksOf("acquisition", { marks: ["mdoc"], suites: STANDARDIZED }, [
    {
      id: "files.one-mdoc",
      statement: "a folder of frames has one mdoc at most",
      judge: ({ mdocKeys, key }) => oneAtMost(mdocKeys, key),
    },
  ]),
  ...checksOf("images", { marks: ["gain"], suites: STANDARDIZED }, [
    {
      id: "files.no-dm4",
      statement: "no gain reference is left as DM4",
      applies: ({ role }) => role === "gain",
      judge: ({ files }) =>
        files.flatMap(({ key }) => unless(!/\.dm4$/i.test(key), { key }, "a DM4 file", "the MRC that it becomes")),
    },
  ]),
  ...checksOf("tiltseries", { marks: ["tiltseries"], suites: STANDARDIZED }, [
    {
      id: "files.tiltseries-metadata",
      statement: "a tilt series has tiltseries_metadata.json",
      judge: async ({ metadata, key }) =>
        unless(await isThere(metadata), { key: `${key}/tiltseries_metadata.json` }, "absent", "the metadata of the tilt series"),
    },
    {
      id: "files.tiltseries-mrc",
      statement: "the MRC file that the metadata of a tilt series name is there",
      judge: namedFile("mrc_file"),
    },
    {
      id: "files.tiltseries-zarr",
      statement: "the Zarr folder that the metadata of a tilt series name is there",
      judge: namedFile("omezarr_dir"),
    },
  ]),
  ...checksOf("tiltseries", { marks: ["tilt_angles"], suites: STANDARDIZED }, [
    {
      id: "files.one-rawtlt",
      statement: "a tilt series has one .rawtlt at most",
      judge: ({ rawtltKeys, key }) => oneAtMost(rawtltKeys, key),
    },
  ]),
  ...checksOf("alignment", { marks: ["alignment"], suites: STANDARDIZED }, [
    {
      id: "files.one-tlt",
      statement: "an alignment has one .tlt at most",
      judge: ({ tltKeys, key }) => oneAtMost(tltKeys, key),
    },
  ]),
  ...checksOf("tomogram", { marks: ["tomogram"], suites: STANDARDIZED }, [
    {
      id: "files.tomogram-metadata",
      statement: "a tomogram has tomogram_metadata.json",
      judge: async ({ metadata, key }) =>
        unless(await isThere(metadata), { key: `${key}/tomogram_metadata.json` }, "absent", "the metadata of the tomogram"),
    },
    {
      id: "files.tomogram-mrc",
      statement: "the MRC file that the metadata of a tomogram name is there",
      judge: namedFile("mrc_file"),
    },
    {
      id: "files.tomogram-zarr",
      statement: "the Zarr folder that the metadata of a tomogram name is there",
      judge: namedFile("omezarr_dir"),
    },
  ]),
  ...checksOf("annotation", { marks: ["annotation"], suites: STANDARDIZED }, [
    {
      id: "files.annotation-metadata",
      statement: "an annotation has one metadata document",
      judge: async ({ metadata, key }) =>
        unless(await isThere(metadata), { key }, "no metadata document", "one in the folder of its data"),
    },
    {
      id: "files.annotation-files",
      statement: "every file that the metadata of an annotation name is there",
      async judge({ metadata, exists }) {
        const document = await known(metadata);
        const findings = [];
        for (const { path, key } of listed(document)) {
          const place = { key: document.key, path };
          findings.push(...unless(await named(exists, key), place, `${key} is absent`, "a file that is there"));
        }
        return findings;
      },
    },
    {
      id: "files.annotation-strays",
      statement: "every data file of an annotation is named by its metadata",
      async judge({ metadata, stored, key }) {
        const names = listed(await known(metadata)).map((file) => file.key);
        const strays = stored.filter((name) => !names.includes(`${key}/${name}`));
        return unless(
          strays.length === 0,
          { key: `${key}/${strays[0] ?? ""}` },
          `${few(strays)}: named by no metadata`,
          "data files that the metadata name",
        );
      },
    },
  ]),
];

/** Fields whose objects other checks look for, and the one that names a file of the laboratory. */
const ELSEWHERE = ["mrc_file", "omezarr_dir", "files", "key_photo", "key_photos", "source_file", "neuroglancer_config_path"];

/** Keys of objects that a document names, in fields called `…path`, `…_file` or `…_dir`. */
function pathsIn(json: Json, path = ""): { path: string; key: string }[] {
  if (isArray(json)) return json.flatMap((value, i) => pathsIn(value, `${path}.${i}`));
  if (!isJsonObject(json)) return [];
  return Object.entries(json).flatMap(([name, value = null]) => {
    const place = path === "" ? name : `${path}.${name}`;
    if (ELSEWHERE.includes(name)) return [];
    if (typeof value !== "string") return pathsIn(value, place);
    return value !== "" && /(?:^|_)(?:path|file|dir)$/.test(name) ? [{ path: place, key: value }] : [];
  });
}

/** Paths that an annotation's metadata list, with where they stand. @throws {Missing} */
function listed(document: Document): { path: string; key: string }[] {
  return needList(document, "files").map(({ path }) => {
    const key = textAt(document, `${path}.path`);
    if (key !== undefined) return { path: `${path}.path`, key: key.replace(/\/$/, "") };
    throw new Missing({ found: `${path} has no path`, wanted: "the path of a file", place: { key: document.key, path } });
  });
}
