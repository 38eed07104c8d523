import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../../core/errors.js";
import { builtInProfile, parseProfile, printProfile } from "./read-profile.js";

function faultOf(text: string) {
  try {
    parseProfile(text, "lab.yaml");
  } catch (error) {
    if (isEmporiumError(error)) {
      const { place, hint } = error.facts;
      return { code: error.code, message: error.message, at: `${place?.line}:${place?.column}`, path: place?.path, hint };
    }
    throw error;
  }
  return undefined;
}

describe("profiles", () => {
  it("of one's own take the form of a sample as it is, and nothing of another laboratory's", () => {
    const profile = parseProfile("bucket: s3://lab/\nbases: {images: [/data/samples/]}\n", "lab.yaml");
    expect(profile).toMatchObject({
      name: "lab.yaml",
      bucket: "s3://lab",
      awsFlags: ["--only-show-errors"],
      bases: { images: ["/data/samples"], carveouts: [] },
      imageFiles: ["default.0.tif", "default.1.tif", "tilebase.cache.yml", "transform.txt"],
      cluster: { kind: "none", slots: 4, order: "free" },
    });
    expect([profile.awsProfile, profile.cluster.project, profile.bases.registration]).toEqual([undefined, undefined, undefined]);
  });

  it("may extend a built-in one, field by field of its maps", () => {
    const profile = parseProfile(
      "extends: mouselight\nbucket: s3://copy\nbases: {registration: /r}\ncluster: {queue: long}\n",
      "copy.yaml",
    );
    const { bases, cluster, awsProfile } = builtInProfile("mouselight")!;
    expect(profile).toMatchObject({
      bucket: "s3://copy",
      awsProfile,
      bases: { ...bases, registration: "/r" },
      cluster: { ...cluster, queue: "long" },
    });
  });

  describe("seam 31: what a profile says as null or as an empty text is not inherited", () => {
    const extending = (text: string) => parseProfile(`extends: mouselight\n${text}`, "copy.yaml");

    it.each(["null", '""', "~", ""])("awsProfile: %s", (nothing) => {
      const { awsProfile, bucket, bases } = extending(`awsProfile: ${nothing}\n`);
      expect([awsProfile, bucket, bases]).toEqual([
        undefined,
        "s3://janelia-mouselight-imagery",
        builtInProfile("mouselight")!.bases,
      ]);
    });

    // expected: what stands where nobody says anything, by the table of fields in docs/guides/publish.md
    it.each<[string, (profile: ReturnType<typeof parseProfile>) => unknown, unknown]>([
      ["awsFlags: null", ({ awsFlags }) => awsFlags, ["--only-show-errors"]],
      ['awsFlags: ""', ({ awsFlags }) => awsFlags, []],
      ["bases: null", ({ bases }) => bases, { images: [], carveouts: [] }],
      [
        "bases: {registration: null, images: null}",
        ({ bases: { registration, images } }) => [registration, images],
        [undefined, []],
      ],
      ['bases: {segmentation: ""}', ({ bases }) => bases.segmentation, undefined],
      ["cluster: null", ({ cluster }) => cluster, { kind: "none", slots: 4, order: "free" }],
      ["cluster: {project: null}", ({ cluster }) => cluster, { kind: "lsf", slots: 4, order: "free" }],
      ['cluster: {project: "", queue: "", logs: "", walltime: "", memory: ""}', ({ cluster }) => cluster.project, undefined],
      ["cluster: {kind: null}", ({ cluster }) => cluster.kind, "none"],
      ["neurons: {extraCopy: null}", ({ neurons }) => neurons.extraCopy, { tracing_complete: "images/{date}/neurons.json" }],
      ['endpoint: ""\nregion: ""\nacl: ""\nstorageClass: ""', ({ endpoint, acl }) => [endpoint, acl], [undefined, undefined]],
      ["filters: null\ndelete: null\nimageFiles: null", ({ imageFiles }) => imageFiles.length, 4],
    ])("%j", (text, of, wanted) => {
      expect(of(extending(`${text}\n`))).toEqual(wanted);
    });

    it("without extends they mean that nothing is said", () => {
      expect(parseProfile('bucket: s3://b\nawsProfile: null\ncluster: {queue: ""}\n', "p.yaml")).toMatchObject({
        bucket: "s3://b",
        cluster: { kind: "none" },
      });
    });

    it.each([
      ["bucket: null", "bucket: expected a location such as s3://bucket", "2:9"],
      ['bucket: ""', "bucket: expected a location such as s3://bucket", "2:9"],
      ["awsProfile: [a]", 'awsProfile: expected a text, found ["a"]', "2:13"],
      ["awsProfile: {}", "awsProfile: expected a text, found {}", "2:13"],
      ["bases: none", 'bases: expected a mapping, found "none"', "2:8"],
      ["bases: {images: /data}", 'bases.images: expected a list, found "/data"', "2:17"],
      ["bases: {carveouts: [null]}", "bases.carveouts.0: expected a text, found null", "2:21"],
      ["cluster: {slots: many}", 'cluster.slots: expected a number, found "many"', "2:18"],
      ["cluster: {slots: 0}", "cluster.slots: expected at least 1, found 0", "2:18"],
      ['cluster: {kind: ""}', 'cluster.kind: expected one of lsf, slurm, none, found ""', "2:17"],
      ["cluster: {walltime: soon}", "cluster.walltime: expected minutes, or hours:minutes as 12:00", "2:21"],
      ["delete: yes", 'delete: expected true or false, found "yes"', "2:9"],
      ["endpoint: nowhere", 'endpoint: expected an address such as https://host, found "nowhere"', "2:11"],
      ["extends: other", 'extends: expected mouselight, found "other"', "1:10"],
      [
        "neurons: {locations: [Finished]}",
        'neurons.locations.0: expected one of Finished_Neurons, tracing_complete, found "Finished"',
        "2:23",
      ],
    ])("%s is refused in words, with its place", (text, says, at) => {
      const all = text.startsWith("extends") ? `${text}\nbucket: s3://b\n` : `extends: mouselight\n${text}\n`;
      expect(faultOf(all)).toMatchObject({ code: "CONFIG_FIELD", message: `lab.yaml: ${says}`, at });
    });
  });

  it("the printed one is the built-in one", () => {
    expect(parseProfile(printProfile(), "p.yaml")).toEqual({ ...builtInProfile("mouselight"), name: "p.yaml" });
  });

  it("are JSON as well", () => {
    const text =
      '{"bucket": "s3://b", "awsFlags": "--only-show-errors --profile P", "cluster": {"kind": "slurm", "walltime": "1:30", "memory": "4GiB"}}';
    expect(parseProfile(text, "p.json")).toMatchObject({
      awsFlags: ["--only-show-errors", "--profile", "P"],
      cluster: { kind: "slurm", walltime: 90, memory: 4 * 2 ** 30 },
    });
  });

  it("name line, column and field of what is wrong", () => {
    expect(faultOf("bucket: s3://b\nclustr: {}\n")).toEqual({
      code: "CONFIG_FIELD",
      message: 'lab.yaml: unknown field "clustr"',
      at: "2:1",
      path: "clustr",
      hint: "did you mean cluster?",
    });
    expect(faultOf("bucket: s3://b\ncluster:\n  kind: lsf\n  projekt: x\n")).toMatchObject({
      at: "4:3",
      path: "cluster.projekt",
      hint: "did you mean project?",
    });
    expect(faultOf("bucket: s3://b\nbases:\n  images:\n    - relative/path\n")).toMatchObject({
      code: "CONFIG_FIELD",
      message: "lab.yaml: bases.images.0: expected an absolute path, such as /like/this",
      at: "4:7",
    });
  });

  it.each([
    ["", "CONFIG_FIELD", "holds nothing"],
    ["- a\n", "CONFIG_FIELD", "holds a text or a list"],
    ["bucket: [\n", "CONFIG_SYNTAX", ""],
    ["bucket: s3://b\nbucket: s3://c\n", "CONFIG_SYNTAX", "unique"],
    ["{}", "CONFIG_FIELD", "bucket"],
    ["bucket: not a location\n", "CONFIG_FIELD", "a location such as s3://bucket"],
    ["bucket: s3://b\nawsProfile: -x\n", "CONFIG_FIELD", "a leading dash"],
    ['bucket: s3://b\nawsProfile: "a\\nb"\n', "CONFIG_FIELD", "one line"],
    ["bucket: s3://b\nawsFlags: [--sse-c-key, abc]\n", "CONFIG_FIELD", "without keys"],
    ["bucket: s3://b\nendpoint: http://user:word@host/\n", "CONFIG_FIELD", "without a password"],
    ["bucket: s3://b\nimageFiles: [../x]\n", "CONFIG_FIELD", "a plain relative path"],
    ["bucket: s3://b\nktxMarker: /etc/passwd\n", "CONFIG_FIELD", "below the sample's folder"],
    ["bucket: s3://b\nbases: {registration: /a/../b}\n", "CONFIG_FIELD", 'without ".."'],
    ["bucket: s3://b\ncluster: {slots: 0}\n", "CONFIG_FIELD", "cluster.slots"],
    ["bucket: s3://b\ncluster: {kind: pbs}\n", "CONFIG_FIELD", "cluster.kind"],
    ["bucket: s3://b\ncluster: {logs: /a%J}\n", "CONFIG_FIELD", "cluster.logs"],
    ["bucket: s3://b\ncluster: {order: product}\n", "CONFIG_RULE", "cluster.kind is none"],
    ["bucket: s3://b\nfilters: [{action: include, pattern: x}]\n", "CONFIG_RULE", "change nothing"],
    ["bucket: s3://b\nextends: other\n", "CONFIG_FIELD", "extends"],
    [
      `a: &a [${"x,".repeat(9)}]\nb: &b [${"*a,".repeat(9)}]\nc: &c [${"*b,".repeat(9)}]\nd: [${"*c,".repeat(9)}]\n`,
      "CONFIG_LIMIT",
      "aliases",
    ],
  ])("%j is refused: %s", (text, code, says) => {
    const fault = faultOf(text);
    expect(fault?.code).toBe(code);
    expect(fault?.message).toContain(says);
  });
});
