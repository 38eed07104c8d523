import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../../src/catalog/database.js";
import { migrate } from "../../src/catalog/migrate.js";
import type { JsonObject } from "../../src/core/json.js";
import { seededRandom } from "../../src/core/random.js";
import type { FrameRow } from "../../src/stations/catalog/frames/frame.js";
import { queryDatasets } from "../../src/stations/catalog/query.js";
import { databaseRepository } from "../../src/stations/catalog/rows/database.js";
import { fulfils, parseWhere } from "../../src/stations/catalog/where.js";
import { open, SERVERS, type TestServer } from "./database-kit.js";

/** Filters on frames are answered from lists of values: what they find must be what looking at every frame finds. */
const FILTERS = [
  "frame.few = 1",
  "frame.few != 1",
  "frame.few >= 2",
  "frame.many = 77",
  "frame.many > 195",
  "frame.many exists",
  "frame.text contains b",
  'frame.text < "bb"',
  "frame.in.deep = 2",
  "frame.in.deep < 1 and frame.few = 3",
  "frame.in exists",
  "frame.in != 4",
  "frame.in.list contains 3",
  "frame.in.list.0 = 3",
  "frame.in.list.-1 = 3",
  "frame.in.list = 3",
  "frame.mixed = 2",
  "frame.mixed.a = 2",
  "frame.mixed != null",
  "frame.mixed = null",
  "frame.mixed.0 = 5",
  'frame."0" = 1',
  "frame.long contains xyz",
  "frame.long exists and frame.few = 0",
  "frame.absent exists",
  "frame.few = 1 and frame.text contains a and frame.many < 40",
  'frame."a.b" = 1',
  "nbr_frames >= 70 and frame.few = 1",
  "metadata.kind = odd and frame.few = 2",
];

describe.each(SERVERS)("filters on frames in $name", ({ absent, start }) => {
  if (absent) {
    it("runs the same tests", (context) => context.skip(absent));
    return;
  }
  let server: TestServer;
  let database: Database;
  const random = seededRandom(4);
  const below = (end: number) => Math.floor(random() * end);
  const serial = (at: number) => `VALUES-2020-01-01-00-00-00-${String(at).padStart(4, "0")}`;
  /** What there is, as it should be. */
  const datasets = new Map<string, { metadata: JsonObject; frames: Map<string, JsonObject> }>();

  function document(): JsonObject {
    const mixed = [2, null, { a: below(3) }, [5, below(3)], "2"][below(5)]!;
    const inner = { deep: below(3), list: [below(4), "x"] };
    return {
      ...(below(4) > 0 ? { few: below(4) } : {}),
      many: below(200),
      text: ["a", "ab", "bc", "ca"][below(4)]!,
      in: below(6) === 0 ? below(6) : inner,
      ...(below(3) === 0 ? { mixed } : {}),
      ...(below(9) === 0 ? { long: `${"é".repeat(150)}${below(2) ? "xyz" : ""}` } : {}),
      ...(below(20) === 0 ? { "0": 1, "a.b": below(2) } : {}),
    };
  }

  beforeAll(async () => {
    server = await start();
    database = await open(await server.makeDatabase());
    await migrate(database);
    const repository = databaseRepository(database);
    for (let at = 0; at < 24; at++) {
      const count = [1, 3, 12, 150][at % 4]!;
      const metadata = { kind: at % 2 ? "odd" : "even" };
      const frames = new Map<string, JsonObject>();
      const rows: FrameRow[] = Array.from({ length: count }, (_, n) => {
        const row = {
          channel_idx: 0,
          slice_idx: n,
          time_idx: 0,
          pos_idx: 0,
          channel_name: null,
          file_name: `${n}.png`,
          sha256: "a",
          metadata_json: document(),
        };
        frames.set(row.file_name, row.metadata_json);
        return row;
      });
      const shape = {
        im_width: 1,
        im_height: 1,
        nbr_slices: count,
        nbr_channels: 1,
        im_colors: 1,
        nbr_timepoints: 1,
        nbr_positions: 1,
      };
      const global = { nbr_frames: count, ...shape, bit_depth: "uint8", storage_dir: "x", metadata_json: metadata };
      const dataset = {
        dataset_serial: serial(at),
        description: null,
        microscope: null,
        date_time: "2020-01-01T00:00:00",
        parent: null,
      };
      await repository.insertFrames(
        dataset,
        global,
        (async function* () {
          yield* rows;
        })(),
        { overwrite: false },
      );
      datasets.set(serial(at), { metadata, frames });
    }
  }, 60_000);
  afterAll(async () => {
    await database?.close();
    await server?.stop();
  });

  async function expectFound(): Promise<void> {
    for (const text of FILTERS) {
      const where = parseWhere(text);
      const wanted = [...datasets].flatMap(([name, { metadata, frames }]) =>
        fulfils(where, { nbr_frames: [1, 3, 12, 150][Number(name.slice(-4)) % 4]! }, metadata, frames.values()) ? [name] : [],
      );
      const { datasets: found } = await queryDatasets(databaseRepository(database), { where: text });
      expect(
        found.map(({ dataset_serial }) => dataset_serial),
        text,
      ).toEqual(wanted);
    }
  }
  const change = (text: string, values: unknown[] = []) => database.pool.query(text, values);

  it("find what frames have", expectFound);

  it("find what is left when frames are changed and removed, one by one and with their data set", async () => {
    const FRAMES = "emporium_microscopy.frames";
    for (const [name, { frames }] of datasets) {
      const gone = [...frames.keys()].filter(() => below(3) === 0);
      const changed = [...frames.keys()].filter((file) => !gone.includes(file) && below(10) === 0);
      const here = `file_name = any($2) and frames_global_id = (select g.id from emporium_microscopy.frames_global g
        join emporium_microscopy.data_set d on d.id = g.dataset_id where d.dataset_serial = $1)`;
      await change(`delete from ${FRAMES} where ${here}`, [name, gone]);
      for (const file of gone) frames.delete(file);
      for (const file of changed) {
        const metadata = document();
        await change(`update ${FRAMES} set metadata_json = $3 where ${here}`, [name, [file], metadata]);
        frames.set(file, metadata);
      }
      await change(`update ${FRAMES} set sha256 = 'b' where ${here}`, [name, [...frames.keys()]]);
    }
    await expectFound();
    const repository = databaseRepository(database);
    for (const at of [3, 7, 10]) {
      expect(await repository.removeDataset(serial(at))).toBe(true);
      datasets.delete(serial(at));
    }
    await expectFound();
    const { rows } = await change(
      "select 1 from emporium.frame_value v where not exists (select from emporium_microscopy.frames_global g where g.id = v.frames_global_id)",
    );
    expect(rows).toEqual([]);
  });

  it("list no more than fits, and take a whole table away", async () => {
    const { rows } = await change(
      "select max(n)::int as n from (select count(*) as n from emporium.frame_value group by frames_global_id, path) as t",
    );
    expect(rows[0].n).toBeLessThanOrEqual(64);
    await change("truncate emporium_microscopy.frames");
    for (const { frames } of datasets.values()) frames.clear();
    await expectFound();
  });
});
