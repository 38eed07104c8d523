import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { decodeBlosc, encodeBlosc } from "../../src/arrays/kernels/blosc.js";
import { manualClock } from "../../src/core/clock.js";
import { EmporiumError } from "../../src/core/errors.js";
import { randomInt, seededRandom } from "../../src/core/random.js";
import type { VerifyReport } from "../../src/stations/ingest/verify/report.js";
import { type VerifyOptions, verify, verifyTree } from "../../src/stations/ingest/verify/verify.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import { s3Store } from "../../src/stores/s3/store.js";
import type { Store } from "../../src/stores/store.js";
import { openStore } from "../../src/stores/url.js";
import { startFaultServer } from "../faults/server.mjs";
import { THOROUGH } from "../thorough.js";
import { removeTempFolders, run, tempFolder } from "./ingest-run-kit.js";

/**
 * Trees that ingest has made, damaged in every way there is a name for: each damage is found, and the object named. One tree has frames, masks,
 * labels and oriented points, the other meshes, picks and two voxel spacings.
 */
interface Scene {
  store: Store;
  /** Folder of the ingest's journals. */
  workspace: string;
}

let sim: Scene;
let aretomo: Scene;

const options = (workspace: string): VerifyOptions => ({
  workspace,
  jobs: 1,
  memoryBytes: 2 ** 29,
  clock: manualClock(1_790_000_000_000),
  version: "0.0.0",
  signal: new AbortController().signal,
});

beforeAll(async () => {
  const lab = await generateLab({ out: tempFolder(), deposits: ["sim", "aretomo"], sections: "all" });
  const source = await openStore(lab.input);
  const make = async (name: "sim" | "aretomo", only: string): Promise<Scene> => {
    const store = memoryStore({ url: `memory:${name}` });
    const workspace = tempFolder();
    const config = readFileSync(lab.deposits.find((deposit) => deposit.name === name)!.config);
    const flags = { everything: true, filter: { run: [only] } };
    const report = await run({ config, source, target: store, workspace, name, flags });
    expect([name, report.errors]).toEqual([name, []]);
    return { store, workspace };
  };
  sim = await make("sim", "TS_1$");
  aretomo = await make("aretomo", "run_001$");
}, 120_000);
afterAll(removeTempFolders);

const check = ({ store, workspace }: Scene, more: Partial<VerifyOptions & { prefix: string }> = {}): Promise<VerifyReport> =>
  verifyTree(store, { ...options(workspace), ...more });

/** A copy of a tree that a test may spoil, known by the receipts of the first. */
async function copyOf({ store, workspace }: Scene): Promise<Scene> {
  const copy = memoryStore({ url: store.url });
  for await (const { key } of store.list("")) await copy.write(key, (await store.read(key))!);
  return { store: copy, workspace };
}

async function entriesOf(store: Store): Promise<{ key: string; size: number }[]> {
  const entries: { key: string; size: number }[] = [];
  for await (const { key, size } of store.list("")) entries.push({ key, size });
  return entries;
}

const named = (report: VerifyReport, severity: "wrong" | "unproven" | "note") =>
  report.findings.filter((finding) => finding.severity === severity).map(({ kind, key }) => `${kind} ${key}`);

const keyOf = async (store: Store, pattern: RegExp): Promise<string> => {
  const found = (await entriesOf(store)).find(({ key }) => pattern.test(key));
  expect(found, String(pattern)).toBeDefined();
  return found!.key;
};

describe("an intact tree", () => {
  it("has nothing wrong, and every byte is the one that was written", async () => {
    for (const scene of [sim, aretomo]) {
      const report = await check(scene, { levels: "all" });
      expect(named(report, "wrong")).toEqual([]);
      expect(report.findings.filter(({ kind }) => kind !== "unmade")).toEqual([]);
      expect(report.objects.proven).toBe(report.objects.there);
      expect(report.bytes.proven).toBe(report.bytes.there);
      expect(report.exitStatus).toBe(report.counts.unmade ? 3 : 0);
      expect(report.chunks.decoded).toBeGreaterThan(20);
      expect(report.pyramids.voxels).toBeGreaterThan(10_000);
      expect(report.pyramids.edgesOfZeros).toBe(0);
    }
  });

  it("without a record is not called proven", async () => {
    const report = await check({ ...sim, workspace: tempFolder() });
    expect([report.status, report.exitStatus, report.objects.proven]).toEqual(["partial", 3, 0]);
    expect(report.errors).toEqual([]);
    expect(report.toText()).toContain("bytes are not verified");
  });

  it("beside a copy of itself in one bucket has nothing lost, though the copy's metadata name volumes of the first", async () => {
    const { store } = await copyOf(sim);
    for (const { key } of await entriesOf(store)) await store.write(`staging/${key}`, (await store.read(key))!);
    expect(named(await check({ store, workspace: tempFolder() }), "wrong")).toEqual([]);
    // one that is nowhere is still missed
    const zarr = (await keyOf(store, /^10405\/.*\/Tomograms\/100\/TS_1\.zarr\/\.zattrs$/)).replace(".zattrs", "");
    for (const { key } of await entriesOf(store)) if (key.startsWith(zarr)) await store.remove(key);
    expect(named(await check({ store, workspace: tempFolder() }), "wrong")).toContain(`lost ${zarr}`);
  });

  it("by the reference's edges is as right, and told apart", async () => {
    const lab = await generateLab({ out: tempFolder(), deposits: ["imod"], shape: [21, 50, 65], sections: "tomograms" });
    const config = readFileSync(lab.deposits[0]!.config);
    const source = await openStore(lab.input);
    const pyramids = async (compat: boolean) => {
      const scene = { store: memoryStore({ url: `memory:${compat}` }), workspace: tempFolder() };
      const flags = { items: ["depositions", "datasets", "runs", "voxel_spacings", "tomograms"], allMetadata: true };
      await run({ config, source, target: scene.store, workspace: scene.workspace, compat, flags });
      const report = await check(scene, { levels: "all" });
      expect(named(report, "wrong")).toEqual([]);
      return report.pyramids;
    };
    const [ours, theirs] = [await pyramids(false), await pyramids(true)];
    expect([ours.edgesOfZeros, theirs.edgesOfPresent]).toEqual([0, 0]);
    expect(ours.edgesOfPresent).toBeGreaterThan(0);
    expect(theirs.edgesOfZeros).toBe(ours.edgesOfPresent);
  });
});

describe("one changed byte", () => {
  /** Half of the places are any byte of the tree, half any byte of any object: small objects are most of what there is to break. */
  async function flips(scene: Scene, count: number, seed: number): Promise<string[]> {
    const { store } = scene;
    const random = seededRandom(seed);
    const entries = (await entriesOf(store)).filter(({ size }) => size > 0);
    const total = entries.reduce((sum, { size }) => sum + size, 0);
    const missed: string[] = [];
    for (let i = 0; i < count; i++) {
      let entry = entries[randomInt(random, entries.length)]!;
      let offset = randomInt(random, entry.size);
      if (i % 2 === 0) {
        offset = randomInt(random, total);
        entry = entries.find(({ size }) => {
          if (offset < size) return true;
          offset -= size;
          return false;
        })!;
      }
      const before = (await store.read(entry.key))!;
      const after = before.slice();
      after[offset]! ^= 1 + randomInt(random, 255);
      await store.write(entry.key, after);
      const report = await check(scene).finally(() => store.write(entry.key, before));
      const isNamed = report.errors.some(({ message }) => message.startsWith(`${entry.key}: `));
      if (report.exitStatus !== 4 || !isNamed) missed.push(`${entry.key} byte ${offset}`);
    }
    return missed;
  }

  const PLACES = THOROUGH ? 400 : 40;

  it(`is found in ${PLACES / 2} places by the receipts of the ingest`, async () => {
    expect(await flips(sim, PLACES / 4, 1)).toEqual([]);
    expect(await flips(aretomo, PLACES / 4, 2)).toEqual([]);
  }, 120_000);

  it(`is found in ${2 * PLACES} places by a proof in the tree, the proof's own bytes among them`, async () => {
    for (const [scene, seed] of [
      [sim, 3],
      [aretomo, 4],
    ] as const) {
      const proven = await copyOf(scene);
      const report = await check(proven, { writeProof: true });
      expect(report.proofsWritten.length).toBe(2);
      expect(await flips({ store: proven.store, workspace: tempFolder() }, PLACES, seed)).toEqual([]);
    }
  }, 120_000);
});

describe("a flipped bit of a voxel, where there is no record", () => {
  const TOMOGRAM = "10405/TS_1/Reconstructions/VoxelSpacing10.200/Tomograms/100/TS_1";
  const LABELS =
    "10405/TS_1/Reconstructions/VoxelSpacing10.200/Annotations/101/protein_containing_complex-1.0_instancesegmentationmask";
  /** Bytes of a chunk's row and plane: chunks are padded to 256³. */
  const chunkOffset = ([z, y, x]: readonly number[], itemBytes: number) => ((z! * 256 + y!) * 256 + x!) * itemBytes;
  const size = [32, 56, 64] as const;

  async function flipped(
    scene: Scene,
    key: string,
    bit: number,
    at: (bytes: Uint8Array) => [Uint8Array, number],
  ): Promise<VerifyReport> {
    const before = (await scene.store.read(key))!;
    const [plain, offset] = at(before);
    plain[offset]! ^= 1 << bit;
    await scene.store.write(key, key.endsWith(".mrc") ? plain : encodeBlosc(plain, key.startsWith(LABELS) ? 2 : 4));
    return check({ ...scene, workspace: tempFolder() }).finally(() => scene.store.write(key, before));
  }
  const inMrc =
    ([z, y, x]: readonly number[], itemBytes: number) =>
    (bytes: Uint8Array): [Uint8Array, number] => [bytes.slice(), 1024 + ((z! * size[1] + y!) * size[2] + x!) * itemBytes];
  const inChunk =
    (voxel: readonly number[], itemBytes: number) =>
    (bytes: Uint8Array): [Uint8Array, number] => [decodeBlosc(bytes)!.slice(), chunkOffset(voxel, itemBytes)];

  it("seam 45: is found in the MRC file and in every level, to the last bit, and the odd one is named", async () => {
    const scene = await copyOf(sim);
    expect(named(await check({ ...scene, workspace: tempFolder() }), "wrong")).toEqual([]);
    const random = seededRandom(45);
    const place = (factor: number) => size.map((length) => randomInt(random, Math.ceil(length / factor)));
    // byte 3 of a float32 holds sign and exponent, byte 0 the last bits
    for (const [byte, bit] of [
      [3, 6],
      [2, 3],
    ] as const) {
      const mrc = await flipped(scene, `${TOMOGRAM}.mrc`, bit, (bytes) => {
        const [plain, at] = inMrc(place(1), 4)(bytes);
        return [plain, at + byte];
      });
      expect(named(mrc, "wrong")).toEqual([`twin ${TOMOGRAM}.mrc`]);
      for (const level of [0, 1, 2]) {
        const key = `${TOMOGRAM}.zarr/${level}/0/0/0`;
        const report = await flipped(scene, key, bit, (bytes) => {
          const [plain, at] = inChunk(place(2 ** level), 4)(bytes);
          return [plain, at + byte];
        });
        expect(report.exitStatus).toBe(4);
        expect(named(report, "wrong")).toContain(level === 0 ? `twin ${key}` : `level ${key}`);
        expect(named(report, "wrong").some((line) => line.endsWith(".mrc"))).toBe(false);
      }
    }
    // the last bit of a voxel is more than level 1 tells: both are named, none is passed over
    const last = await flipped(scene, `${TOMOGRAM}.mrc`, 0, inMrc([3, 5, 7], 4));
    expect(named(last, "wrong")).toContain(`twin ${TOMOGRAM}.mrc`);
    const upper = await flipped(scene, `${TOMOGRAM}.zarr/1/0/0/0`, 0, inChunk([3, 5, 7], 4));
    expect(named(upper, "wrong")).toContain(`level ${TOMOGRAM}.zarr/1/0/0/0`);
  }, 120_000);

  it("seam 45: is found in labels", async () => {
    const scene = await copyOf(sim);
    const mrc = await flipped(scene, `${LABELS}.mrc`, 2, inMrc([2, 4, 6], 2));
    expect(named(mrc, "wrong")).toEqual([`twin ${LABELS}.mrc`]);
    const odd = await flipped(scene, `${LABELS}.zarr/0/0/0/0`, 2, inChunk([2, 4, 7], 2));
    expect(named(odd, "wrong")).toContain(`twin ${LABELS}.zarr/0/0/0/0`);
  }, 60_000);
});

describe("damage by name", () => {
  it("a truncated object: both lengths are told", async () => {
    const scene = await copyOf(sim);
    for (const pattern of [/TS_1\.mrc$/, /\.zarr\/0\/0\/0\/0$/, /tomogram_metadata\.json$/]) {
      const key = await keyOf(scene.store, pattern);
      const bytes = (await scene.store.read(key))!;
      await scene.store.write(key, bytes.slice(0, -1));
      const report = await check(scene);
      expect(named(report, "wrong")).toEqual([`changed ${key}`]);
      expect(report.errors[0]!.message).toContain(`${bytes.length} bytes with CRC-32`);
      expect(report.errors[0]!.message).toContain(`${bytes.length - 1} bytes with CRC-32`);
      expect(report.errors[0]!.code).toBe("OBJECT_WRONG");
      await scene.store.write(key, bytes);
    }
  });

  it("each lost object is named, whatever it is", async () => {
    for (const scene of [await copyOf(sim), await copyOf(aretomo)]) {
      const entries = await entriesOf(scene.store);
      for (const { key } of entries.filter((_, at) => THOROUGH || at % 8 === 0)) {
        const bytes = (await scene.store.read(key))!;
        await scene.store.remove(key);
        const report = await check(scene);
        expect(named(report, "wrong"), key).toEqual([`lost ${key}`]);
        expect(report.errors[0]!.code).toBe("OBJECT_LOST");
        await scene.store.write(key, bytes);
      }
    }
  }, 60_000);

  it("a whole run that is gone is missed", async () => {
    const scene = await copyOf(sim);
    const before = await entriesOf(scene.store);
    await scene.store.remove("10405/TS_1/");
    const report = await check(scene);
    expect(named(report, "wrong").length).toBe(before.filter(({ key }) => key.startsWith("10405/TS_1/")).length);
  });

  it("without records, what metadata name is missed all the same", async () => {
    const scene = { ...(await copyOf(sim)), workspace: tempFolder() };
    for (const pattern of [
      /Tomograms\/100\/TS_1\.mrc$/,
      /_orientedpoint\.ndjson$/,
      /TS_1\.xf$/,
      /Frames\/TS_1\.mdoc$/,
      /0\/\.zarray$/,
    ]) {
      const key = await keyOf(scene.store, pattern);
      const bytes = (await scene.store.read(key))!;
      await scene.store.remove(key);
      expect(named(await check(scene), "wrong")).toContain(`lost ${key}`);
      await scene.store.write(key, bytes);
    }
  });

  it("an extra object is told and fails nothing", async () => {
    const scene = await copyOf(sim);
    const status = (await check(scene)).exitStatus;
    await scene.store.write("10405/TS_1/notes.txt", Buffer.from("whose is this?"));
    const report = await check(scene);
    expect(named(report, "note")).toEqual(["extra 10405/TS_1/notes.txt"]);
    expect(report.exitStatus).toBe(status);
  });

  it("(34.21) what nothing has written is named, and fails a strict look", async () => {
    const scene = await copyOf(sim);
    const zarr = "10405/TS_1/Reconstructions/VoxelSpacing10.200/Tomograms/100/TS_1.zarr";
    const chunk = await scene.store.read(`${zarr}/1/0/0/0`);
    const strays = ["10405/TS_1/notes.txt", "10405/TS_9/left.mrc", "10405/todo.txt", `${zarr}/1/9/0/0`];
    for (const key of strays) await scene.store.write(key, chunk!);
    // with the receipts of the ingest, and without any
    for (const workspace of [scene.workspace, tempFolder()]) {
      const before = await check({ store: sim.store, workspace });
      const report = await check({ store: scene.store, workspace });
      expect(named(report, "note").sort()).toEqual(strays.map((key) => `extra ${key}`).sort());
      expect(report.errors).toEqual([]);
      expect(report.exitStatus).toBe(Math.max(before.exitStatus, workspace === scene.workspace ? 3 : 0));
      const strict = await check({ store: scene.store, workspace }, { strict: true });
      expect([strict.status, strict.exitStatus]).toEqual(["wrong", 4]);
      expect(strict.errors.map(({ message }) => message.split(": ")[0]).sort()).toEqual(strays.toSorted());
      expect((await check({ store: sim.store, workspace }, { strict: true })).exitStatus).toBe(before.exitStatus);
    }
  });

  it("(34.21) links that leave the tree, and files that cannot be read, are named, and the rest is verified", async () => {
    const folder = tempFolder();
    const other = tempFolder();
    for await (const { key } of sim.store.list("")) {
      mkdirSync(join(folder, key, ".."), { recursive: true });
      writeFileSync(join(folder, key), (await sim.store.read(key))!);
    }
    const workspace = tempFolder();
    const look = async (more: object = {}) => verify(folder, { ...options(workspace), ...more });
    const whole = await look();
    const zarr = "10405/TS_1/Reconstructions/VoxelSpacing10.200/Tomograms/100/TS_1.zarr";
    mkdirSync(join(other, "raw"));
    cpSync(join(folder, `${zarr}/1/0/0/0`), join(other, "chunk"));
    symlinkSync(join(other, "raw"), join(folder, "10405", "raw"));
    symlinkSync(join(other, "raw"), join(folder, "10405", "TS_1", "raw"));
    for (const jobs of [1, 2]) {
      const report = await look({ jobs });
      expect(named(report, "note")).toEqual(["extra 10405/raw", "extra 10405/TS_1/raw"]);
      expect(named(report, "wrong")).toEqual([]);
      expect(report.findings.find(({ key }) => key === "10405/raw")!.message).toContain("reached by a link that leaves");
      expect(report.chunks).toEqual(whole.chunks);
      expect(report.objects.read).toBe(whole.objects.read);
      expect((await look({ jobs, strict: true })).exitStatus).toBe(4);
    }
    // in place of what metadata name, or of a chunk, its bytes are another folder's
    rmSync(join(folder, `${zarr}/1/0/0/0`));
    symlinkSync(join(other, "chunk"), join(folder, `${zarr}/1/0/0/0`));
    rmSync(join(folder, "10405/TS_1/TiltSeries/100/TS_1.rawtlt"));
    symlinkSync(join(other, "chunk"), join(folder, "10405/TS_1/TiltSeries/100/TS_1.rawtlt"));
    const report = await look();
    expect(
      named(report, "wrong")
        .map((text) => text.split(" ")[1])
        .sort(),
    ).toEqual([`${zarr}/1/0/0/0`, "10405/TS_1/TiltSeries/100/TS_1.rawtlt"]);
    expect(report.exitStatus).toBe(4);
    expect(report.objects.read).toBe(whole.objects.read - 2);
  });

  it("(34.21) a disk that does not read one file ends nothing", async () => {
    const failing = ["10405/TS_1/run_metadata.json", "10405/TS_1/TiltSeries/100/TS_1.mrc"];
    const store: Store = {
      ...sim.store,
      local: { path: (key) => join("/no/such/folder", key), io: "auto" } as Store["local"],
      read: async (key, ...rest) => {
        if (!failing.includes(key)) return sim.store.read(key, ...rest);
        throw new EmporiumError("STORE_FAILED", `${key} cannot be read: input/output error (EIO)`);
      },
    };
    const report = await check({ store, workspace: sim.workspace });
    expect(named(report, "wrong")).toEqual(failing.map((key) => `unreadable ${key}`));
    expect(report.objects.read).toBe(report.objects.there - 2);
    expect(report.exitStatus).toBe(4);
  });

  it("two objects of one length that changed places", async () => {
    const scene = await copyOf(sim);
    const [a, b] = [
      "10405/TS_1/TiltSeries/100/TS_1.zarr/.zattrs",
      "10405/TS_1/Reconstructions/VoxelSpacing10.200/Tomograms/100/TS_1.zarr/.zattrs",
    ];
    const [first, second] = [(await scene.store.read(a))!, (await scene.store.read(b))!];
    expect(first.length).toBe(second.length);
    await scene.store.write(a, second);
    await scene.store.write(b, first);
    const report = await check(scene);
    expect(named(report, "wrong").sort()).toEqual([`changed ${b}`, `changed ${a}`].sort());
    for (const { message } of report.errors) expect(message).toMatch(/: these are the bytes of 10405\/.*\.zattrs$/);
  });

  it("a level that is wrong though its checksum is right", async () => {
    const scene = await copyOf(sim);
    const folder = "10405/TS_1/Reconstructions/VoxelSpacing10.200/Tomograms/100/TS_1.zarr/";
    const key = `${folder}1/0/0/0`;
    // as if somebody had made the level of other voxels: the writer's own receipt would vouch for them
    await scene.store.write(key, encodeBlosc(new Uint8Array(256 ** 3 * 4).fill(1), 4));
    await check({ ...scene, workspace: tempFolder() }, { writeProof: true });
    const wrong = await check({ ...scene, workspace: tempFolder() });
    expect(named(wrong, "wrong")).toContain(`level ${key}`);
    expect(wrong.errors[0]!.message).toMatch(/voxels differ from what the level below gives/);
    expect(named(await check({ ...scene, workspace: tempFolder() }, { levels: "none" }), "wrong")).toEqual([]);
  });

  it.each([/_segmentationmask\.zarr\/1\/0\/0\/0$/, /_instancesegmentationmask\.zarr\/1\/0\/0\/0$/])(
    "a level of a mask or of labels that is wrong: %s",
    async (pattern) => {
      const scene = { ...(await copyOf(sim)), workspace: tempFolder() };
      const key = await keyOf(scene.store, pattern);
      const itemBytes = key.includes("_instance") ? 2 : 1;
      await scene.store.write(key, encodeBlosc(new Uint8Array(256 ** 3 * itemBytes).fill(1), itemBytes));
      expect(named(await check(scene), "wrong")).toContain(`level ${key}`);
    },
  );
});

describe("a chunk that is not stored", () => {
  const folder = "10405/TS_1/Reconstructions/VoxelSpacing10.200/Tomograms/100/TS_1.zarr/";
  /** The MRC file, which would tell as well, is not asked. */
  const levels = { levels: "sampled" } as const;

  it("is lost where a record has it", async () => {
    const scene = await copyOf(sim);
    await scene.store.remove(`${folder}0/0/0/0`);
    expect(named(await check(scene), "wrong")).toEqual([`lost ${folder}0/0/0/0`]);
  });

  it("is fill where a proof was made without it, and lost where one was made with it, whatever the levels say", async () => {
    const scene = { ...(await copyOf(sim)), workspace: tempFolder() };
    await empty(scene.store);
    await scene.store.remove(`${folder}0/0/0/0`);
    await check(scene, { ...levels, writeProof: true });
    const report = await check(scene, levels);
    expect([named(report, "wrong"), report.chunks.fill, report.counts.unknown ?? 0]).toEqual([[], 1, 0]);
    await scene.store.remove(`${folder}1/0/0/0`);
    const later = await check(scene, levels);
    expect([named(later, "wrong"), later.chunks.fill]).toEqual([[`lost ${folder}1/0/0/0`], 1]);
  });

  it("is lost, without a record, where the level next to it is not empty", async () => {
    for (const level of [0, 1, 2]) {
      const scene = { ...(await copyOf(sim)), workspace: tempFolder() };
      await scene.store.remove(`${folder}${level}/0/0/0`);
      expect(named(await check(scene), "wrong"), String(level)).toEqual([`lost ${folder}${level}/0/0/0`]);
    }
  });

  it("is fill, without a record, where the levels next to it are empty", async () => {
    const scene = { ...(await copyOf(sim)), workspace: tempFolder() };
    await empty(scene.store);
    await scene.store.remove(`${folder}0/0/0/0`);
    const report = await check(scene, levels);
    expect([named(report, "wrong"), report.chunks.fill, report.counts.unknown ?? 0]).toEqual([[], 1, 0]);
  });

  it("is unknown where nothing tells", async () => {
    const scene = { ...(await copyOf(sim)), workspace: tempFolder() };
    for (const level of [0, 1, 2]) await scene.store.remove(`${folder}${level}/0/0/0`);
    const report = await check(scene, levels);
    expect(named(report, "unproven").filter((line) => line.startsWith("unknown"))).toEqual(
      [0, 1, 2].map((level) => `unknown ${folder}${level}/0/0/0`),
    );
    expect(report.exitStatus).toBe(3);
  });

  it("of labels is not called fill because every second voxel above is", async () => {
    const scene = { ...(await copyOf(sim)), workspace: tempFolder() };
    const labels = (await keyOf(scene.store, /_instancesegmentationmask\.zarr\/0\/0\/0\/0$/)).replace(/0\/0\/0\/0$/, "");
    const zeros = encodeBlosc(new Uint8Array(256 ** 3 * 2), 2);
    for (const level of [1, 2]) await scene.store.write(`${labels}${level}/0/0/0`, zeros);
    await scene.store.remove(`${labels}0/0/0/0`);
    expect(named(await check(scene), "unproven")).toContain(`unknown ${labels}0/0/0/0`);
  });

  /** Stores zeros in all levels. */
  async function empty(store: Store): Promise<void> {
    const zeros = encodeBlosc(new Uint8Array(256 ** 3 * 4), 4);
    for (const level of [0, 1, 2]) await store.write(`${folder}${level}/0/0/0`, zeros);
  }
});

describe("a proof", () => {
  it("says what was written, in a fixed order, the same twice", async () => {
    const [one, two] = [await copyOf(sim), await copyOf(sim)];
    await check(one, { writeProof: true });
    await check(two, { writeProof: true });
    const text = Buffer.from((await one.store.read("10405/emporium-proof.jsonl"))!).toString();
    expect(Buffer.from((await two.store.read("10405/emporium-proof.jsonl"))!).toString()).toBe(text);
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toEqual({
      proof: "emporium",
      format: 1,
      folder: "10405/",
      made: "2026-09-21T14:13:20Z",
      program: "emporium 0.0.0",
    });
    const objects = (await entriesOf(sim.store)).filter(({ key }) => key.startsWith("10405/"));
    expect(
      lines
        .slice(1, -1)
        .map(({ key }) => `10405/${key}`)
        .sort(),
    ).toEqual(objects.map(({ key }) => key).sort());
    expect(lines.at(-1)).toMatchObject({ objects: objects.length, basis: "receipts" });
  });

  it("proves a copy elsewhere, under another name", async () => {
    const scene = await copyOf(sim);
    await check(scene, { writeProof: true, checksum: "sha256" });
    const elsewhere = memoryStore({ url: "memory:elsewhere" });
    for await (const { key } of scene.store.list("10405/")) {
      await elsewhere.write(key.replace(/^10405\//, "copy/"), (await scene.store.read(key))!);
    }
    const report = await check({ store: elsewhere, workspace: tempFolder() });
    expect(named(report, "wrong")).toEqual([]);
    expect(report.objects.proven).toBe(report.objects.there);
    await elsewhere.remove("copy/TS_1/Frames/TS_1.mdoc");
    expect(named(await check({ store: elsewhere, workspace: tempFolder() }), "wrong")).toEqual([
      "lost copy/TS_1/Frames/TS_1.mdoc",
    ]);
  });

  it("is not made of a dataset in which something is wrong, nor of a part of one", async () => {
    const scene = await copyOf(sim);
    await scene.store.remove("10405/TS_1/Frames/TS_1.mdoc");
    const report = await check(scene, { writeProof: true });
    expect(report.proofsWritten).toEqual(["depositions_metadata/10305/emporium-proof.jsonl"]);
    expect(await scene.store.stat("10405/emporium-proof.jsonl")).toBeUndefined();
    await expect(check(scene, { writeProof: true, subset: { part: 1, of: 2 } })).rejects.toThrow(/whole dataset/);
    await expect(check(scene, { writeProof: true, prefix: "10405/TS_1/" })).rejects.toThrow(/whole dataset/);
  });

  it("that somebody wrote of what was found says so, and does not become a receipt by being made again", async () => {
    const scene = { ...(await copyOf(sim)), workspace: tempFolder() };
    await check(scene, { writeProof: true });
    const again = await check(scene, { writeProof: true });
    expect(again.proofs.map(({ basis }) => basis)).toEqual(["as found", "as found"]);
    expect((await check(scene)).proofs.map(({ basis }) => basis)).toEqual(["as found", "as found"]);
  });

  it("cut short or mixed up is not believed", async () => {
    const scene = await copyOf(sim);
    await check(scene, { writeProof: true });
    const key = "10405/emporium-proof.jsonl";
    const bytes = (await scene.store.read(key))!;
    const lines = Buffer.from(bytes).toString().split("\n");
    const spoiled = [
      bytes.slice(0, -1),
      bytes.slice(0, bytes.length >> 1),
      new Uint8Array(0),
      Buffer.from([lines[0], lines[2], lines[1], ...lines.slice(3)].join("\n")),
      Buffer.from([...lines.slice(0, -1), lines[1], ""].join("\n")),
      Buffer.from("{}\n"),
      Buffer.from(lines.join("\n").replace(/"key": "[^"]*"/, '"key": "../../x"')),
    ];
    for (const body of spoiled) {
      await scene.store.write(key, body);
      const report = await check({ ...scene, workspace: tempFolder() });
      expect(named(report, "wrong")).toEqual([`proof ${key}`]);
      expect(report.exitStatus).toBe(4);
    }
  });
});

describe("a share", () => {
  it("reads each object once over all shares, and finds what is in it", async () => {
    const scene = await copyOf(sim);
    const key = "10405/TS_1/TiltSeries/100/TS_1.mrc";
    const bytes = (await scene.store.read(key))!;
    bytes[bytes.length - 1]! ^= 1;
    await scene.store.write(key, bytes);
    const reports = await Promise.all([1, 2, 3, 4].map((part) => check(scene, { subset: { part, of: 4 } })));
    expect(reports.filter(({ exitStatus }) => exitStatus === 4).length).toBe(1);
    const documents = (await entriesOf(scene.store)).filter(({ key: name }) => /\.json$|\/\.z[a-z]+$|\/info$/.test(name)).length;
    const read = reports.reduce((sum, { objects }) => sum + objects.read, 0);
    expect(read - 3 * documents).toBe(reports[0]!.objects.there);
    expect(reports.map(({ subset }) => subset)).toEqual(["1/4", "2/4", "3/4", "4/4"]);
  });
});

describe("in a bucket", () => {
  it("is proven by the proof that came with it, and a changed chunk named", async () => {
    const scene = await copyOf(sim);
    await check(scene, { writeProof: true });
    const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret/of+the=tests" };
    const server = await startFaultServer({ credentials });
    try {
      const bucket = s3Store({ bucket: "bucket", prefix: "portal", endpoint: server.url, region: "eu-central-1", credentials });
      for (const { key } of await entriesOf(scene.store)) await bucket.write(key, (await scene.store.read(key))!);
      const place = { store: bucket, workspace: tempFolder() };
      const report = await check(place, { jobs: 4 });
      expect(named(report, "wrong")).toEqual([]);
      expect(report.objects.proven).toBe(report.objects.there);
      const key = "10405/TS_1/TiltSeries/100/TS_1.zarr/0/3/0/0";
      const bytes = (await bucket.read(key))!;
      await bucket.write(
        key,
        Uint8Array.from(bytes, (byte, at) => (at === 99 ? byte ^ 2 : byte)),
      );
      expect(named(await check(place), "wrong")).toEqual([`changed ${key}`]);
    } finally {
      await server.close();
    }
  });
});

describe("on a disk", () => {
  const root = tempFolder();
  const workspace = join(root, "workspace");
  const tree = join(root, "portal");

  beforeAll(async () => {
    const lab = await generateLab({ out: join(root, "lab"), deposits: ["sim"], sections: "all" });
    const target = await openStore(tree, { sync: false });
    await run({
      config: readFileSync(lab.deposits[0]!.config),
      source: await openStore(lab.input),
      target,
      workspace,
      name: "sim",
    });
  });

  it("worker threads say what one thread says, of the tree, a dataset and a run", async () => {
    for (const place of [tree, join(tree, "10405"), join(tree, "10405", "TS_1")]) {
      const [one, two] = [await verify(place, options(workspace)), await verify(place, { ...options(workspace), jobs: 2 })];
      expect(named(one, "wrong")).toEqual([]);
      expect(one.objects.proven).toBe(one.objects.there);
      expect({ ...two, toText: undefined, seconds: 0 }).toEqual({ ...one, toText: undefined, seconds: 0 });
    }
    const whole = await verify(tree, options(workspace));
    const dataset = await verify(join(tree, "10405"), options(workspace));
    expect(dataset.objects.there).toBeLessThan(whole.objects.there);
    expect(dataset.prefix).toBe("10405/");
  });

  it("finds damage on threads", async () => {
    const copy = join(root, "damaged");
    cpSync(tree, copy, { recursive: true });
    const chunk = join(copy, "10405/TS_1/TiltSeries/100/TS_1.zarr/0/3/0/0");
    const bytes = readFileSync(chunk);
    bytes[bytes.length >> 1]! ^= 0x40;
    writeFileSync(chunk, bytes);
    rmSync(join(copy, "10405/TS_1/TiltSeries/100/TS_1.zarr/0/4/0/0"));
    const report = await verify(copy, { ...options(workspace), writtenAt: tree, jobs: 2 });
    expect(named(report, "wrong").sort()).toEqual([
      "changed 10405/TS_1/TiltSeries/100/TS_1.zarr/0/3/0/0",
      "lost 10405/TS_1/TiltSeries/100/TS_1.zarr/0/4/0/0",
    ]);
  });

  it("without the list of a volume's chunks names the volume", async () => {
    const poor = join(root, "poor");
    mkdirSync(poor);
    cpSync(join(workspace, "journals"), join(poor, "journals"), { recursive: true });
    expect(named(await verify(tree, options(poor)), "wrong")).toEqual([]);
    const chunk = join(tree, "10405/TS_1/TiltSeries/100/TS_1.zarr/0/3/0/0");
    const bytes = readFileSync(chunk);
    renameSync(chunk, `${chunk}.kept`);
    writeFileSync(
      chunk,
      bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 1 : byte)),
    );
    renameSync(`${chunk}.kept`, join(root, "kept"));
    const report = await verify(tree, options(poor));
    expect(report.exitStatus).toBe(4);
    expect(report.findings.some(({ kind, key }) => kind === "changed" && key.endsWith("TiltSeries/100/TS_1.zarr/"))).toBe(true);
    renameSync(join(root, "kept"), chunk);
  });

  it("nothing at all is an error", async () => {
    await expect(verify(join(root, "nowhere"), options(workspace))).rejects.toThrow(/LOCATION .+nowhere does not exist/);
  });
});
