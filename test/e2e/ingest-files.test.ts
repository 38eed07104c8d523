import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { readMrcHeader } from "../../src/formats/mrc/header.js";
import { readMrcPlanes } from "../../src/formats/mrc/read.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import { openLocation } from "../../src/stores/url.js";
import { documentsOf, GIF, plan, smallConfig, storeOf, tinyMrc } from "./ingest-plan-kit.js";
import { removeTempFolders, run, treeOf } from "./ingest-run-kit.js";

afterAll(removeTempFolders);

const volume = tinyMrc(6, 4, 2, 10.5);
const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1);
const latin = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

describe("gain references", () => {
  const gains = (glob: string) => smallConfig({ more: `gains: [{sources: [{source_glob: {list_glob: '${glob}'}}]}]\n` });
  const flags = { items: ["gains"] };

  it("DM4 becomes an MRC of the same values, rows from the bottom up; others are copied under their names", async () => {
    const dm4 = readFileSync(new URL("../fixtures/dm/image-f8.dm4", import.meta.url));
    const facts = JSON.parse(readFileSync(new URL("../golden/dm/facts.json", import.meta.url), "utf8")) as {
      files: Record<string, { images: { lengths: number[]; upsideDownFloat32: string }[] }>;
    };
    const [image] = facts.files["image-f8.dm4"]!.images;
    const source = await storeOf({ "lab/rec/a.rec": volume, "lab/g/ref.dm4": dm4, "lab/g/x.gain": "gain", "lab/g/y.dm3": "dm3" });
    const target = memoryStore({ url: "memory:out" });
    const report = await run({ config: gains("g/*"), source, target, flags });
    expect(report.errors).toEqual([]);
    const tree = await treeOf(target);
    expect(Object.keys(tree)).toEqual(["ref.mrc", "x.gain", "y.dm3"].map((name) => `10700/a/Gains/${name}`));
    expect(tree["10700/a/Gains/x.gain"]).toBe("gain");
    const mrc = inMemory(Uint8Array.from(Buffer.from(tree["10700/a/Gains/ref.mrc"]!, "latin1")), "ref.mrc");
    const header = await readMrcHeader(mrc);
    expect([header.shape, header.dtype]).toEqual([[1, ...image!.lengths], "float32"]);
    const plane = await readMrcPlanes(mrc, header, 0, 1);
    expect(createHash("sha256").update(plane).digest("hex")).toBe(image!.upsideDownFloat32);
    const values = new Float32Array(plane.slice().buffer);
    const view = new DataView((await mrc.read({ offset: 0, length: 1024 })).slice().buffer);
    expect([76, 80].map((at) => view.getFloat32(at, true))).toEqual([Math.min(...values), Math.max(...values)]);
    const again = await run({ config: gains("g/*"), source, target, flags, name: "other" });
    expect(again.errors).toEqual([]);
    expect((await treeOf(target))["10700/a/Gains/x.gain"]).toBe("gain");
  });

  it("one that is no DM4 fails alone, and leaves nothing behind", async () => {
    const source = await storeOf({ "lab/rec/a.rec": volume, "lab/g/bad.dm4": "", "lab/g/x.gain": "gain" });
    const target = memoryStore({ url: "memory:out" });
    const report = await run({ config: gains("g/*"), source, target, flags });
    expect(report.errors.map(({ code, entity }) => [code, entity])).toEqual([
      ["FORMAT_TRUNCATED", "gain reference bad.dm4 of a"],
    ]);
    expect(report.exitStatus).toBe(3);
    expect(Object.keys(await treeOf(target))).toEqual(["10700/a/Gains/x.gain"]);
  });

  it("a DM4 and an MRC that would have one name are refused", async () => {
    const made = await plan({
      config: gains("g/*"),
      source: { "lab/rec/a.rec": volume, "lab/g/ref.dm4": "x", "lab/g/ref.mrc": "y" },
      flags,
    });
    expect(made.failures.map(({ error }) => error.code)).toEqual(["CONFIG_COLLISION"]);
    expect(made.tasks).toEqual([]);
  });
});

describe("copies", () => {
  const config = smallConfig({ more: "collection_metadata: [{sources: [{source_glob: {list_glob: '{run_name}.mdoc'}}]}]\n" });
  const flags = { items: ["collection_metadata"] };
  const key = "10700/a/Frames/a.mdoc";

  it("are the same bytes; what is there already is compared by its bytes, not by its size", async () => {
    const source = await storeOf({ "lab/rec/a.rec": volume, "lab/a.mdoc": "new text" });
    const target = await storeOf({ [key]: "old text" });
    expect((await run({ config, source, target, flags })).errors).toEqual([]);
    expect((await treeOf(target))[key]).toBe("new text");
    const before = await target.stat(key);
    expect((await run({ config, source, target, flags })).done).toBe(1);
    expect(await target.stat(key)).toEqual(before);
    expect((await run({ config, source, target, flags, force: true })).done).toBe(1);
    expect(await target.stat(key)).not.toEqual(before);
  });

  it("are hashed where it is asked for", async () => {
    const source = await storeOf({ "lab/rec/a.rec": volume, "lab/a.mdoc": "abc" });
    const report = await run({ config, source, target: memoryStore(), flags, checksum: "sha256" });
    expect(report.outputs).toMatchObject([{ key, sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" }]);
  });
});

describe("identified objects", () => {
  const csv = "run_name,object_id,object_name\na,GO:1,x\nb,GO:2,y\na,GO:3,\n12,GO:4,z\n";
  const config = (glob = "objects.csv") =>
    smallConfig({
      runs: "[{sources: [{literal: {value: [a, '12', c]}}]}]",
      more: `identified_objects: [{sources: [{source_glob: {list_glob: '${glob}'}}]}]\n`,
    });
  const flags = { items: ["identified_objects"], metadata: ["identified_object"] };
  const folder = (name: string) => `10700/${name}/IdentifiedObjects`;

  it("rows of each run, and what they are", async () => {
    const source = await storeOf({ "lab/objects.csv": csv });
    const target = memoryStore({ url: "memory:out" });
    expect((await run({ config: config(), source, target, flags })).errors).toEqual([]);
    const tree = await treeOf(target);
    expect(tree[`${folder("a")}/identified_objects.json`]).toBe(
      '[\n    {\n        "object_id":"GO:1",\n        "object_name":"x"\n    },\n    {\n        "object_id":"GO:3",\n        "object_name":null\n    }\n]',
    );
    const metadata = (name: string) => JSON.parse(tree[`${folder(name)}/identified_objects_metadata.json`]!);
    expect(metadata("a")).toMatchObject({
      object_count: 2,
      columns: ["object_id", "object_name"],
      file_format: "json",
      source_file: "memory:/lab/objects.csv",
      identifier: 100,
      deposition_id: 10390,
    });
    expect(Object.keys(metadata("a")).slice(0, 5)).toEqual([
      "object_count",
      "columns",
      "file_format",
      "source_file",
      "identifier",
    ]);
    // a run that is called by a number has its rows; one that the table does not know has an empty list
    expect(metadata("12").object_count).toBe(1);
    expect(tree[`${folder("c")}/identified_objects.json`]).toBe("[\n\n]");
    expect(metadata("c")).toMatchObject({ object_count: 0, columns: [] });
    const again = await run({ config: config(), source, target, flags });
    expect(again.errors).toEqual([]);
    expect(await treeOf(target)).toEqual(tree);
  });

  it("a table without run_name gives nothing but a warning; two tables, and another deposition's, are refused", async () => {
    const none = await plan({ config: config(), source: { "lab/objects.csv": "a,b\n1,2\n" }, flags });
    expect([none.tasks, none.failures]).toEqual([[], []]);
    expect(none.warnings[0]!.message).toContain("no column run_name");
    const two = await plan({ config: config("*.csv"), source: { "lab/1.csv": csv, "lab/2.csv": csv }, flags });
    expect(two.failures.map(({ error }) => error.code)).toEqual(Array(3).fill("CONFIG_COLLISION"));
    const target = await storeOf({
      [`${folder("a")}/identified_objects_metadata.json`]: '{"deposition_id": 7, "identifier": 100}',
    });
    const theirs = await plan({ config: config(), source: { "lab/objects.csv": csv }, target, flags });
    expect(theirs.failures.map(({ error, run: name }) => [error.code, name])).toEqual([["CONFIG_COLLISION", "a"]]);
    expect(theirs.tasks.flatMap(({ outputs }) => outputs).some((key) => key.startsWith(folder("a")))).toBe(false);
  });
});

describe("key photos", () => {
  let server: Server;
  let address = "";
  const asked: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const bodies: Record<string, [number, string, Uint8Array]> = {
        "/snapshot.gif": [200, "image/gif", GIF],
        "/page.png": [200, "text/html", new TextEncoder().encode("<html>not found</html>")],
        "/text.png": [200, "image/png", new TextEncoder().encode("Service temporarily unavailable")],
        "/moved.png": [404, "text/html", new TextEncoder().encode("<html>not found</html>")],
      };
      const [status, type, body] = bodies[request.url ?? ""] ?? [404, "text/plain", new Uint8Array(0)];
      response.writeHead(status, { "content-type": type, "content-length": body.length });
      response.end(request.method === "HEAD" ? undefined : body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise<void>((resolve) => void server.close(() => resolve())));

  const literal = (section: string, snapshot: string, thumbnail?: string) =>
    `${section}: [{sources: [{literal: {value: {snapshot: '${snapshot}'${thumbnail ? `, thumbnail: '${thumbnail}'` : ""}}}}]}]\n`;
  const flags = {
    items: ["dataset_keyphotos", "deposition_keyphotos"],
    metadata: ["dataset", "deposition"],
  };
  const open = (location: string) => openLocation(location, { readOnly: true, retry: false });
  const picture = "10700/a/Reconstructions/VoxelSpacing10.500/Images/100/key-photo-snapshot.png";

  it("of an address keep their extension; files of the input are found with the bucket's name in front", async () => {
    const more =
      literal("dataset_keyphotos", `${address}/snapshot.gif`, "some-bucket/photos/t.png") +
      literal("deposition_keyphotos", "photos/t.png");
    const source = await storeOf({ "lab/rec/a.rec": volume, "photos/t.png": PNG });
    const target = memoryStore({ url: "memory:out" });
    const report = await run({ config: smallConfig({ more }), source, target, flags, open });
    expect(report.errors).toEqual([]);
    const tree = await treeOf(target);
    expect(tree["10700/Images/snapshot.gif"]).toBe(latin(GIF));
    expect(tree["10700/Images/thumbnail.png"]).toBe(latin(PNG));
    expect(JSON.parse(tree["10700/dataset_metadata.json"]!).key_photos).toEqual({
      snapshot: "10700/Images/snapshot.gif",
      thumbnail: "10700/Images/thumbnail.png",
    });
    expect(JSON.parse(tree["depositions_metadata/10390/deposition_metadata.json"]!).key_photos).toEqual({
      snapshot: "depositions_metadata/10390/Images/snapshot.png",
      thumbnail: null,
    });
    const again = await run({ config: smallConfig({ more }), source, target, flags, open });
    expect(again.errors).toEqual([]);
    expect(await treeOf(target)).toEqual(tree);
  });

  it.each([
    ["an error page", "/page.png", "STORE_PROTOCOL"],
    ["a text that the server calls a picture", "/text.png", "FORMAT_UNKNOWN"],
    ["an address that is not there", "/moved.png", "STORE_ABSENT"],
  ])("%s is not taken: the tomogram's picture is, if it is there", async (_what, path, code) => {
    const config = smallConfig({ more: literal("dataset_keyphotos", address + path) });
    const source = { "lab/rec/a.rec": volume };
    const none = await plan({ config, source, flags, options: { open } });
    expect(none.failures.map(({ error, entity }) => [error.code, entity])).toEqual([
      [code, "snapshot of dataset 10700"],
      ["TASK_BLOCKED", "metadata of dataset 10700"],
    ]);
    expect(documentsOf(none).has("10700/dataset_metadata.json")).toBe(false);

    const target = await storeOf({ [picture]: PNG });
    const report = await run({ config, source: await storeOf(source), target, flags, open });
    expect(report.errors).toEqual([]);
    expect((report.warnings as { message: string }[])[0]!.message).toContain(`the snapshot is ${picture}`);
    expect((await treeOf(target))["10700/Images/snapshot.png"]).toBe(latin(PNG));
  });

  it("that nobody configures are those of the first tomogram that has one, each by itself; without any that is said (34.18)", async () => {
    const source = { "lab/rec/a.rec": volume, "lab/rec/b.rec": volume };
    const none = await plan({ config: smallConfig(), source, flags });
    expect([none.failures, none.warnings.map(({ message }) => message)]).toEqual([
      [],
      [
        "c.yaml has no dataset_keyphotos and no tomogram has a picture, so --import-dataset-keyphotos has no effect",
        "c.yaml has no deposition_keyphotos, so --import-deposition-keyphotos has no effect",
      ],
    ]);
    expect(none.entities.filter(({ kind }) => kind === "dataset_keyphoto").map(({ action }) => action)).toEqual([
      "leave",
      "leave",
    ]);
    const target = await storeOf({
      "10700/b/Reconstructions/VoxelSpacing10.500/Images/101/key-photo-snapshot.png": PNG,
      "10700/b/Reconstructions/VoxelSpacing10.500/Images/102/key-photo-snapshot.png": PNG,
      "10700/a/Reconstructions/VoxelSpacing10.500/Images/100/key-photo-thumbnail.png": PNG,
    });
    const made = await plan({ config: smallConfig(), source, target, flags });
    expect(made.warnings.map(({ message }) => message).filter((message) => message.includes("dataset_keyphotos"))).toEqual([]);
    expect(made.tasks.filter(({ run: name }) => name === "ingest/copy").map(({ params }) => [params.source, params.key])).toEqual(
      [
        ["10700/b/Reconstructions/VoxelSpacing10.500/Images/101/key-photo-snapshot.png", "10700/Images/snapshot.png"],
        ["10700/a/Reconstructions/VoxelSpacing10.500/Images/100/key-photo-thumbnail.png", "10700/Images/thumbnail.png"],
      ],
    );
    const metadata = made.tasks.find(({ outputs }) => outputs.includes("10700/dataset_metadata.json"))!;
    expect(metadata.needs).toHaveLength(2);
  });

  it("of two under one name the last is taken, and the other is named (34.silence)", async () => {
    const sources = ["a", "b", "b"].map((file) => `{literal: {value: {snapshot: photos/${file}.png}}}`);
    const config = smallConfig({ more: `dataset_keyphotos: [{sources: [${sources.join(", ")}]}]\n` });
    const source = { "lab/rec/a.rec": volume, "photos/a.png": PNG, "photos/b.png": PNG };
    const made = await plan({ config, source, flags: { items: ["dataset_keyphotos"], metadata: [] } });
    expect(made.warnings.map(({ message }) => message)).toEqual([
      "photos/a.png is not the snapshot of dataset 10700: photos/b.png comes after it under the same name",
    ]);
    expect(made.tasks.find(({ outputs }) => outputs.includes("10700/Images/snapshot.png"))!.params.source).toBe("photos/b.png");
  });

  it("(34.14) that leave the input are refused, and the dataset's metadata wait for them", async () => {
    const config = smallConfig({ more: literal("dataset_keyphotos", "../../etc/passwd") });
    const made = await plan({ config, source: { "lab/rec/a.rec": volume }, flags });
    expect(made.failures.map(({ error }) => error.code)).toEqual(["NAME_UNSAFE", "TASK_BLOCKED"]);
    expect(documentsOf(made).has("10700/dataset_metadata.json")).toBe(false);
  });
});
