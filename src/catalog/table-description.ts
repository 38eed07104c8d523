import { ENTITIES, type Entity, type Field, getEntity } from "./entities.js";
import { MICROSCOPY_SCHEMA } from "./microscopy-rows.js";
import { PORTAL_ENUMS } from "./portal-enums.js";
import { PORTAL_SCHEMA } from "./portal-rows.js";

/** A table as the database has it. A test holds these against a migrated database, column by column. */
export interface TableDescription {
  readonly schema: string;
  readonly name: string;
  readonly about: string;
  readonly columns: readonly ColumnDescription[];
  /** Columns whose values, taken together, occur once. `id` is not among them. */
  readonly unique: readonly (readonly string[])[];
}

export interface ColumnDescription {
  readonly name: string;
  /** As PostgreSQL writes it: `integer`, `double precision`, `timestamp with time zone`. */
  readonly type: string;
  readonly required: boolean;
  readonly references?: { readonly table: string; readonly onDelete: "cascade" | "no action" } | undefined;
  /** Counts up by itself. */
  readonly identity?: true | undefined;
  readonly indexed?: "btree" | "gin" | undefined;
  readonly values?: readonly string[] | undefined;
  readonly default?: string | undefined;
}

const SQL_TYPES: Readonly<Record<Field["type"], string>> = {
  text: "text",
  enum: "text",
  int: "integer",
  float: "double precision",
  bool: "boolean",
  date: "timestamp with time zone",
  json: "jsonb",
};

export function portalTables(): TableDescription[] {
  return ENTITIES.map((entity) => ({
    schema: PORTAL_SCHEMA,
    name: entity.table,
    about: entity.about,
    columns: [identity("integer"), ...keyColumns(entity), ...entity.fields.map(fieldColumn)],
    unique: [],
  }));
}

function keyColumns({ keys }: Entity): ColumnDescription[] {
  return keys.map(({ column, target, required }) => ({
    name: column,
    type: "integer",
    required,
    references: { table: getEntity(target).table, onDelete: "cascade" },
    indexed: "btree",
  }));
}

function fieldColumn({ column, type, enumName, required, default: value }: Field): ColumnDescription {
  const values = enumName && PORTAL_ENUMS[enumName];
  return { name: column, type: SQL_TYPES[type], required, values, default: value === undefined ? undefined : String(value) };
}

function identity(type: string): ColumnDescription {
  return { name: "id", type, required: true, identity: true };
}

export function microscopyTables(): TableDescription[] {
  const column = (name: string, type: string, more: Partial<ColumnDescription> = {}): ColumnDescription => ({
    name,
    type,
    required: true,
    ...more,
  });
  const nullable = (name: string, type: string) => column(name, type, { required: false });
  const dataset = column("dataset_id", "integer", { references: { table: "data_set", onDelete: "cascade" } });
  const metadata = column("metadata_json", "jsonb", { indexed: "gin" });
  const counts = [
    "nbr_frames",
    "im_width",
    "im_height",
    "nbr_slices",
    "nbr_channels",
    "im_colors",
    "nbr_timepoints",
    "nbr_positions",
  ];
  return [
    {
      schema: MICROSCOPY_SCHEMA,
      name: "data_set",
      about: "One identifier: a file, or frames.",
      columns: [
        identity("integer"),
        column("dataset_serial", "text"),
        nullable("description", "text"),
        nullable("microscope", "text"),
        column("frames", "boolean"),
        column("date_time", "timestamp without time zone", { indexed: "btree" }),
        column("parent_id", "integer", {
          required: false,
          references: { table: "data_set", onDelete: "no action" },
          indexed: "btree",
        }),
      ],
      unique: [["dataset_serial"], ["id", "frames"]],
    },
    {
      schema: MICROSCOPY_SCHEMA,
      name: "file_global",
      about: "A file kept as it is.",
      columns: [
        identity("integer"),
        dataset,
        column("is_frames", "boolean"),
        column("storage_dir", "text"),
        nullable("file_name", "text"),
        metadata,
        column("sha256", "text", { required: false, indexed: "btree" }),
      ],
      unique: [["dataset_id"]],
    },
    {
      schema: MICROSCOPY_SCHEMA,
      name: "frames_global",
      about: "What all frames of a data set share.",
      columns: [
        identity("integer"),
        dataset,
        column("is_frames", "boolean"),
        ...counts.map((name) => column(name, "integer")),
        column("bit_depth", "text"),
        column("storage_dir", "text"),
        metadata,
      ],
      unique: [["dataset_id"]],
    },
    {
      schema: MICROSCOPY_SCHEMA,
      name: "frames",
      about: "One image.",
      columns: [
        identity("bigint"),
        column("frames_global_id", "integer", { references: { table: "frames_global", onDelete: "cascade" } }),
        column("channel_idx", "integer"),
        ...["slice_idx", "time_idx", "pos_idx"].map((name) => nullable(name, "integer")),
        nullable("channel_name", "text"),
        column("file_name", "text"),
        nullable("sha256", "text"),
        metadata,
      ],
      unique: [
        ["frames_global_id", "channel_idx", "slice_idx", "time_idx", "pos_idx"],
        ["frames_global_id", "file_name"],
      ],
    },
  ];
}

/** Every table of this version. */
export function allTables(): TableDescription[] {
  return [...microscopyTables(), ...portalTables()];
}
