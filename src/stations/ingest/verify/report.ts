import type { ErrorRecord } from "../../../core/errors.js";
import type { Report } from "../../../core/report.js";
import { counted, formatBytes, formatSeconds } from "../../../core/units.js";
import type { Store } from "../../../stores/store.js";
import type { Tally } from "./context.js";
import { type Finding, type FindingKind, type Findings, toErrorRecordOf } from "./findings.js";
import type { LevelsChecked } from "./hierarchy.js";
import type { Proof, ProofBasis } from "./proof.js";

export interface VerifyReport extends Report {
  /** `proven`: every object is what was written. `partial`: nothing is wrong, and not all is proven. */
  status: "proven" | "partial" | "wrong";
  /** 0, 3 or 4. */
  exitStatus: number;
  location: string;
  /** The part of the tree that was looked at: `""` for all of it. */
  prefix: string;
  /** Sources of the checksums: proofs, and the number of journals. */
  proofs: readonly { key: string; made: string; program: string; basis: ProofBasis; objects: number; bytes: number }[];
  journals: number;
  subset: string | undefined;
  levels: LevelsChecked;
  objects: { there: number; read: number; proven: number };
  bytes: { there: number; read: number; proven: number };
  chunks: { decoded: number; fill: number };
  /** Voxels of upper levels that were compared, and pyramids by what their odd edges met. */
  pyramids: { voxels: number; edgesOfPresent: number; edgesOfZeros: number };
  /** Numbers of findings by kind, also where they are too many to be listed. */
  counts: Readonly<Partial<Record<FindingKind, number>>>;
  findings: readonly Finding[];
  /** Findings that are errors. */
  errors: readonly ErrorRecord[];
  proofsWritten: readonly string[];
  seconds: number;
}

/** Facts of a proof that a report gives. */
export type KnownProof = Pick<Proof, "key" | "made" | "program" | "basis" | "objects" | "bytes">;

export interface ReportFacts {
  prefix: string;
  findings: Findings;
  tally: Tally;
  records: { readonly proofs: readonly KnownProof[]; readonly journals: readonly string[] };
  subset: { part: number; of: number } | undefined;
  levels: LevelsChecked;
  /** Extra objects are errors. */
  strict: boolean;
  written: readonly string[];
  seconds: number;
}

export function makeReport(store: Store, facts: ReportFacts): VerifyReport {
  const { prefix, findings, tally, records, subset, levels, strict, written, seconds } = facts;
  const list = findings.list();
  const wrong = list.filter(({ severity, kind }) => severity === "wrong" || (strict && kind === "extra"));
  const unproven = findings.count("unproven") > 0 || tally.objectsProven < tally.objectsRead - tally.objectsExtra;
  const status = wrong.length > 0 ? "wrong" : unproven ? "partial" : "proven";
  return {
    status,
    exitStatus: { proven: 0, partial: 3, wrong: 4 }[status],
    location: store.url,
    prefix,
    proofs: records.proofs.map(({ key, made, program, basis, objects, bytes }) => ({
      key,
      made,
      program,
      basis,
      objects,
      bytes,
    })),
    journals: records.journals.length,
    subset: subset && `${subset.part}/${subset.of}`,
    levels,
    objects: { there: tally.objects, read: tally.objectsRead, proven: tally.objectsProven },
    bytes: { there: tally.bytes, read: tally.bytesRead, proven: tally.bytesProven },
    chunks: { decoded: tally.chunksDecoded, fill: tally.chunksFill },
    pyramids: { voxels: tally.levelVoxels, edgesOfPresent: tally.edges.present, edgesOfZeros: tally.edges.zeros },
    counts: findings.counts,
    findings: list,
    errors: wrong.map((finding) => toErrorRecordOf(store, finding)),
    proofsWritten: written,
    seconds,
    toText: () => textOf(status, list, facts),
  };
}

const SAYS: Readonly<Record<FindingKind, string>> = {
  lost: "lost",
  changed: "changed",
  undecodable: "not decodable",
  level: "wrong level",
  twin: "differs from its other format",
  proof: "damaged proof",
  unreadable: "not readable",
  unmade: "not made",
  unrecorded: "not recorded",
  unknown: "absent, perhaps fill",
  unchecked: "not looked into",
  extra: "extra",
};

/** Lines of one kind that a person is shown. `--json` has all. */
const SHOWN_MAX = 20;

function textOf(
  status: VerifyReport["status"],
  list: readonly Finding[],
  { findings, tally, records, subset, levels, strict, written, seconds }: ReportFacts,
): string {
  const lines: string[] = [];
  // what is wrong has been told as errors, one by one
  for (const kind of ["unrecorded", "unknown", "unchecked", "unmade", ...(strict ? [] : (["extra"] as const))] as const) {
    const some = list.filter((finding) => finding.kind === kind);
    for (const { key, message } of some.slice(0, SHOWN_MAX)) lines.push(`${SAYS[kind]}: ${key}: ${message}`);
    if (some.length > SHOWN_MAX) lines.push(`${SAYS[kind]}: ${some.length - SHOWN_MAX} more, all are in --json`);
  }
  for (const { key, made, program, basis } of records.proofs) {
    lines.push(`${key}: made ${made} by ${program}${basis === "receipts" ? "" : ", from what the tree held at that time"}`);
  }
  const { objects, objectsRead, bytesRead, objectsProven, chunksDecoded, chunksFill, levelVoxels, twinVoxels, edges } = tally;
  const share = subset ? `, share ${subset.part} of ${subset.of}` : "";
  lines.push(
    `${counted(objects, "object")} there, ${objectsRead} read (${formatBytes(bytesRead)})${share}, ${objectsProven} have their recorded checksum`,
  );
  lines.push(
    `${counted(chunksDecoded, "chunk")} decode${chunksFill > 0 ? `, ${chunksFill} are not stored because they hold the fill value` : ""}`,
  );
  const isUnrecorded = records.proofs.length === 0 && records.journals.length === 0;
  if (levels !== "none") {
    const zeros = edges.zeros > 0 ? `; odd edges of ${edges.zeros} pyramids are averaged with zeros, as the reference does` : "";
    lines.push(
      `${counted(levelVoxels, "voxel")} of upper levels compared${levels === "all" || isUnrecorded ? "" : " (samples; --levels all compares every one)"}${zeros}`,
    );
  }
  if (twinVoxels > 0) lines.push(`${counted(twinVoxels, "voxel")} of MRC files compared with level 0`);
  if (isUnrecorded) {
    lines.push(
      "bytes are not verified: the tree has no proof, and the workspace no journal of the tree (--workspace, --written-at)",
    );
  }
  for (const key of written) lines.push(`proof written: ${key}`);
  const counts = Object.entries(findings.counts).filter(([, n]) => n > 0);
  const told = counts.map(([kind, n]) => `${n} ${SAYS[kind as FindingKind]}`).join(", ");
  lines.push(
    `${status === "partial" ? "partly verified" : status} in ${formatSeconds(seconds)}${told === "" ? "" : `: ${told}`}`,
  );
  return lines.join("\n");
}
