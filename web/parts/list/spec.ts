import type { ReactNode } from "react";
import type { ListedKind } from "../../../src/model/facet-choice.js";
import type { Input } from "../../queries/generated.js";
import type { Wanted } from "../download-text.js";

/** What is listed, and how: one list component shows them all. */
export interface ListSpec<Row extends { readonly id: number }> {
  readonly of: ListedKind | "depositions";
  /** `run`, `runs`. */
  readonly one: string;
  readonly many: string;
  /** The first names a row and stays in sight; the first three are what a phone shows. */
  readonly columns: readonly Column<Row>[];
  /** Of a row, relative to the base. */
  to(row: Row): string;
  nameOf(row: Row): string;
  /** One page of rows, and how many there are. */
  rows(asked: Asked, signal?: AbortSignal): Promise<readonly Row[]>;
  total(where: Input, signal?: AbortSignal): Promise<number>;
  /** What `rows` asks, for those who want to ask it themselves. */
  readonly query: string;
  /** Where rows have pictures: they can be seen as cards. */
  readonly card?: Card<Row> | undefined;
  readonly asFirst: "grid" | "table";
  /** What the download dialog gives of these rows. */
  wanted?(rows: readonly Row[], signal: AbortSignal): Promise<Wanted>;
  /** Why there may be none, and the command that would bring some. */
  readonly empty: { readonly why: string; readonly command?: string };
}

export interface Asked {
  readonly where: Input;
  readonly orderBy: readonly Input[];
  readonly offset: number;
  readonly limit: number;
}

export interface Column<Row> {
  /** In addresses: `sort=-released`, `without=size`. */
  readonly id: string;
  readonly title: string;
  readonly width: number;
  readonly isNumber?: boolean;
  cell(row: Row): ReactNode;
  /** Why there may be none. */
  readonly absent?: string;
  /** For files of the list. Default: what the cell shows, where that is text. */
  value?(row: Row): string | number | boolean | null;
  /** Where the catalogue can sort by it. */
  order?(direction: Direction): Input;
}

export type Direction = "asc" | "desc_nulls_last";

export interface Card<Row> {
  photo(row: Row): { readonly small: string | null; readonly large: string | null } | undefined;
  facts(row: Row): ReactNode;
  /** What does not fit on the card, or needs words: seen on hover. */
  details?(row: Row): string;
  /** A volume, `tomogram:12`, whose xz section is shown while a pointer or the keys are on the card. */
  strip?(row: Row): string | undefined;
}

/** What a row is called: its number, where its name is empty. */
export const calledOf = <Row extends { readonly id: number }>(spec: ListSpec<Row>, row: Row): string =>
  spec.nameOf(row).trim() || `${spec.one} ${row.id}`;

/** `{ releaseDate: direction }`, `{ dataset: { title: direction } }`. */
export const by =
  (...path: readonly string[]) =>
  (direction: Direction): Input =>
    path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), direction) as Input;

/** What rows come to for the download dialog: loaded when it is wanted. */
export const selection = () => import("../selection.js");
