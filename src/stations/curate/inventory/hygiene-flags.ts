import { groupsOf } from "../../../core/groups.js";
import type { FolderRecord, RowFacts } from "./folder-facts.js";
import type { HeadFacts } from "./head-facts.js";
import { isBackupName, isDesktopName, isSidecarName, type Kind } from "./kind.js";
import { isUtf8Name } from "./path-bytes.js";

/** Anomalies of a file, the most important for counting and copying first. */
export const HYGIENE = {
  appledouble: "metadata of macOS for a file beside it (`._NAME`, or by its first bytes), never an annotation",
  orphan: "metadata of macOS whose file is not there",
  backup: "an earlier state that a program has kept (`NAME~`)",
  empty: "a file of no bytes",
  desktop: "what a desktop keeps for itself (.DS_Store, Thumbs.db)",
  "not-imod": "called .mod and no IMOD model",
  "not-mrc": "called a volume and no MRC file",
  truncated: "it ends before what its header promises",
  unreadable: "it cannot be opened",
  "empty-model": "a model without a point and without a slicer angle",
  link: "a symbolic link: not followed",
  "broken-link": "a symbolic link that leads nowhere, or in a circle",
  special: "a device, pipe or socket",
  "not-utf8": "a name whose bytes are no UTF-8",
  "unicode-twin": "another name beside it looks the same and is spelt otherwise (composed, decomposed)",
  "case-twin": "another name beside it differs in capitals alone",
} as const;

export type HygieneFlag = keyof typeof HYGIENE;

export interface FileFacts {
  name: string;
  size: number;
  kind: Kind;
  type: RowFacts["type"];
  head: HeadFacts | undefined;
  twin: readonly HygieneFlag[] | undefined;
  /** All names of the folder, if one of them is a sidecar. */
  siblings: ReadonlySet<string>;
}

export function hygieneOf({ name, size, kind, type, head, twin, siblings }: FileFacts): HygieneFlag[] {
  const flags: HygieneFlag[] = [];
  if (type !== undefined) flags.push(type);
  if (kind === "sidecar") {
    flags.push("appledouble");
    if (isSidecarName(name) && !siblings.has(name.slice(2))) flags.push("orphan");
  } else if (type === undefined) {
    if (isBackupName(name)) flags.push("backup");
    if (isDesktopName(name)) flags.push("desktop");
    if (size === 0) flags.push("empty");
    flags.push(...headFlags(kind, head));
  }
  if (!isUtf8Name(name)) flags.push("not-utf8");
  if (twin) flags.push(...twin);
  return flags;
}

function headFlags(kind: Kind, head: HeadFacts | undefined): HygieneFlag[] {
  if (head === undefined) return [];
  if (head.format === "unread") return ["unreadable"];
  if (head.format === "damaged") {
    // lists and projects of PEET are text, and valid
    if (head.code === "FORMAT_TRUNCATED") return ["truncated"];
    return kind === "model" ? ["not-imod"] : kind === "rec" || kind === "tilt" ? ["not-mrc"] : [];
  }
  if (head.format === "mrc") return head.short ? ["truncated"] : [];
  if (head.format === "mod") return head.points === 0 && head.slicerAngles === 0 ? ["empty-model"] : [];
  return [];
}

const NONE: ReadonlyMap<string, readonly HygieneFlag[]> = new Map();

/** Names in a folder that would be equal on another system's disk. */
export function twinsAmong({
  files,
  folders,
}: Pick<FolderRecord, "files" | "folders">): ReadonlyMap<string, readonly HygieneFlag[]> {
  const names = [...folders];
  for (const [name] of files) names.push(name);
  if (names.length < 2) return NONE;
  // nearly all names are plain ASCII: only the others can be twins
  const capital = names.filter((name) => name !== name.toLowerCase());
  const odd = names.filter((name) => /[^\x00-\x7f]/.test(name));
  if (capital.length === 0 && odd.length < 2) return NONE;
  const twins = new Map<string, HygieneFlag[]>();
  const note = (flag: HygieneFlag, group: Iterable<string>) => {
    for (const name of group) twins.set(name, [...(twins.get(name) ?? []), flag]);
  };
  for (const group of groupsOf(odd, (name) => name.normalize("NFC")).values()) if (group.length > 1) note("unicode-twin", group);
  const all = new Set(names);
  for (const [plain, group] of groupsOf(capital, (name) => name.normalize("NFC").toLowerCase())) {
    if (all.has(plain)) group.push(plain);
    // two spellings of the same characters are no case twins
    if (new Set(group.map((name) => name.normalize("NFC"))).size > 1) note("case-twin", group);
  }
  return twins;
}
