import { z } from "zod";
import { EmporiumError } from "../core/errors.js";
import type { Json, JsonObject } from "../core/json.js";
import { jsonObject } from "../core/json-fields.js";
import { LIMITS } from "../core/limits.js";
import { notFound, replyFault } from "./faults.js";
import { at, listOf, numberOf, objectsOf, textOf } from "./fields.js";
import { encodeSegment, safeSegments } from "./links.js";
import type { Portal, PortalFile, PortalNet } from "./portal.js";

const API = "https://www.ebi.ac.uk/biostudies/api/v1/studies";
const ARCHIVE_HOST = "ftp.ebi.ac.uk";

/**
 * The BioImage Archive and BioStudies, which stores its studies: a submission as JSON, `info` with the folder of the files, and
 * lists of files as JSON beside them. (The format: BioStudies' PageTab.)
 */
export const bioimageArchive: Portal = {
  name: "bioimage-archive",
  title: "BioImage Archive",
  hosts: ["www.ebi.ac.uk", ARCHIVE_HOST],
  home: "www.ebi.ac.uk",
  accession: "S-B",
  folderName: ({ id }) => id,
  recognise({ text, link }) {
    const id = link
      ? ofAddress(link.host, link.path)
      : /^(?:(?:doi:\s*)?10\.6019\/)?(S-(?:BIAD|BSST|BSMS|EPMC)\d+)$/i.exec(text)?.[1];
    if (id === undefined) return undefined;
    const accession = id.toUpperCase();
    return { kind: "study", id: accession, url: `https://www.ebi.ac.uk/biostudies/studies/${accession}` };
  },

  async *describe({ id, url }, net) {
    const { submission, info, base } = await readStudy(id, url, net);
    yield { key: "bioimage-archive", suffix: id, raw: { submission, info }, links: [`${base}/Files`] };
  },

  async *list({ id, url }, net, { warn }) {
    const { submission, base } = await readStudy(id, url, net);
    const seen = new Set<string>();
    for await (const file of filesOf(submission.section, base, net, warn)) {
      if (seen.has(file.path)) continue;
      seen.add(file.path);
      yield file;
    }
  },
};

const Submission = z.looseObject({ accno: z.string(), section: z.looseObject({}) });

function ofAddress(host: string, path: string): string | undefined {
  if (host === "ebi.ac.uk") {
    return /^\/(?:biostudies|bioimage-archive)\/(?:[A-Za-z-]+\/)?(?:studies\/)?(S-[A-Z]+\d+)$/i.exec(path)?.[1];
  }
  if (host === "bioimagearchive.org" || host === "beta.bioimagearchive.org") {
    return /^\/(?:[a-z-]+\/)*(S-[A-Z]+\d+)$/i.exec(path)?.[1];
  }
  return /^(?:dx\.)?doi\.org$/.test(host) ? /^\/10\.6019\/(S-[A-Z]+\d+)$/i.exec(path)?.[1] : undefined;
}

async function readStudy(
  id: string,
  url: string,
  net: PortalNet,
): Promise<{ submission: JsonObject; info: JsonObject; base: string }> {
  const submission = jsonObject(await net.getJson(`${API}/${id}`));
  if (!submission || Object.keys(submission).length === 0) throw notFound(url, `there is no study ${id}`);
  if (!Submission.safeParse(submission).success)
    throw replyFault(`${API}/${id}`, "expected a submission with an accession and a section");
  const info = jsonObject(await net.getJson(`${API}/${id}/info`)) ?? {};
  return { submission, info, base: archiveFolder(info, id) };
}

/** `https://ftp.ebi.ac.uk/biostudies/fire/S-BIAD/765/S-BIAD765`: FTP addresses have the same files by HTTPS. */
function archiveFolder(info: JsonObject, id: string): string {
  const text = (textOf(info.httpLink) ?? textOf(info.ftpLink) ?? "").replace(/\/+$/, "");
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || url.hostname !== ARCHIVE_HOST || !safeSegments(url.pathname)) {
    throw new EmporiumError(
      "PORTAL_REPLY",
      `${API}/${id}/info: expected a folder on ${ARCHIVE_HOST}, found ${JSON.stringify(text)}`,
      {
        place: { url: `${API}/${id}/info` },
        hint: "check whether the study is public already",
      },
    );
  }
  return `https://${ARCHIVE_HOST}${url.pathname}`;
}

/** Files are in sections, at any depth, and in lists that an attribute `File List` of a section names. */
async function* filesOf(
  value: Json | undefined,
  base: string,
  net: PortalNet,
  warn: (message: string) => void,
): AsyncGenerator<PortalFile> {
  for (const item of listOf(value)) {
    if (Array.isArray(item)) yield* filesOf(item, base, net, warn); // tables of sections are lists within lists
    const section = jsonObject(item);
    if (!section) continue;
    yield* entriesOf(section.files, base, warn);
    for (const attribute of objectsOf(section.attributes)) {
      const list = textOf(attribute.value);
      if (textOf(attribute.name)?.toLowerCase() !== "file list" || list === undefined) continue;
      const segments = safeSegments(list.replace(/\.(?:tsv|xlsx?|xml)$/i, ".json"));
      const url = segments && `${base}/Files/${segments.map(encodeSegment).join("/")}`;
      const entries = url && (await net.findJson(url, { bytesMax: LIMITS.tableBytes }));
      if (entries === undefined) warn(`the file list ${JSON.stringify(list)} is not there`);
      else yield* entriesOf(entries, base, warn);
    }
    yield* filesOf(section.subsections, base, net, warn);
  }
}

function* entriesOf(value: Json | undefined, base: string, warn: (message: string) => void): Generator<PortalFile> {
  for (const item of listOf(value)) {
    if (Array.isArray(item)) {
      yield* entriesOf(item, base, warn);
      continue;
    }
    const entry = jsonObject(item);
    const path = textOf(entry?.path ?? entry?.name);
    const segments = path === undefined ? undefined : safeSegments(path);
    if (!entry || !segments) {
      warn(
        `an entry of a list of files has no path below the study, and is left out: ${JSON.stringify(path ?? item).slice(0, 120)}`,
      );
      continue;
    }
    const volume = /\.(zarr|n5)$/i.exec(segments.at(-1)!)?.[1]?.toLowerCase();
    const address = `${base}/Files/${segments.map(encodeSegment).join("/")}`;
    yield {
      url: volume === undefined ? address : `${volume}://${address}`,
      path: segments.join("/"),
      kind: volume === undefined ? "file" : "volume",
      size: volume === undefined && at(entry, "type") !== "directory" ? numberOf(entry.size) : undefined,
    };
  }
}
